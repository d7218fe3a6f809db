/**
 * The law of order: what a request writes (ids, text, the bits of its log-probabilities and of the logits of its prompt)
 * depends on model, prompt, settings and seed, and on nothing else: not on threads, company, chunks of prefill, reused
 * prefixes, cancelled neighbours, lost pages or the process. Every run is in a process of its own and is compared with the
 * same requests alone, on one thread, in another process.
 *
 * The promise holds within one instruction set. Across them it is not made: a sum over the lanes of a register is taken in
 * as many parts as the register is wide, so last bits differ, and where two tokens are almost equally likely so may the text.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Arrangement,
  arrangements,
  arrangementsOfAnIsa,
  neighbours,
  prompts,
  reference,
  requests,
} from './one-result/arrangements.js';
import { type WeightType, writeRandomGguf } from './one-result/random-gguf.js';

interface Written {
  ids: number[];
  text: string;
  /** Of each token: its log-probability, then id and log-probability of the four best. */
  scores: number[];
  finish: string;
  /** SHA-256 of the logits after the prompt. */
  logits: string;
}
interface Run {
  written: Written[];
  cachedTokens: number;
  cancelled: number;
  /** Of prompts, those that no prefix held; the engine computed `prefilledTokens`, not counted for `alone`. */
  newTokens: number;
  prefilledTokens?: number;
}
interface Report {
  backend: string;
  liveSequences: number;
  runs: Record<string, Run>;
  refusal?: { code: string; field: string; found: string };
}

const child = fileURLToPath(new URL('one-result/run-arrangements.mjs', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'trivium-one-result-'));
afterAll(() => rmSync(folder, { recursive: true }));

function model(type: WeightType): string {
  const file = path.join(folder, `${type}.gguf`);
  writeRandomGguf(file, type);
  return file;
}

async function inChild(
  file: string,
  wanted: Arrangement[],
  { isa = process.env.TRIVIUM_ISA ?? '', asked = requests, activationBits = 16 } = {},
): Promise<Report> {
  const running = spawn(process.execPath, [child], { env: { ...process.env, TRIVIUM_ISA: isa } });
  let output = '';
  let complaint = '';
  running.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  running.stderr.setEncoding('utf8').on('data', (text) => {
    complaint += text;
  });
  const told = { file, activationBits, requests: asked, neighbours, prompts, arrangements: wanted };
  running.stdin.end(JSON.stringify(told));
  const code = await new Promise((resolve) => running.on('close', resolve));
  if (code !== 0) throw new Error(`the process ended with ${code}: ${complaint}`);
  return JSON.parse(output) as Report;
}

// Keys and values of 64 tokens, two layers and 128 channels: F32 models keep them in f32, others in f16.
const pageBytes = (type: WeightType) => 64 * 2 * 2 * 128 * (type === 'f32' ? 4 : 2);

describe.each([
  ['f32', 16],
  ['q8_0', 8],
  ['q8_0', 16],
  ['q4_0', 8],
  ['q4_k', 8],
  ['q4_k', 16],
] as const)('a llama in %s, activations of %i bits', (type, activationBits) => {
  const wanted = arrangements(pageBytes(type));
  let alone: Run;
  let runs: Report['runs'];
  let left: number;
  beforeAll(async () => {
    const file = model(type);
    alone = (await inChild(file, [reference], { activationBits })).runs[reference.name]!;
    ({ runs, liveSequences: left } = await inChild(file, wanted, { activationBits }));
  });

  test('what is compared is worth comparing', () => {
    expect(alone.cachedTokens).toBe(0);
    for (const [index, { ids, scores }] of alone.written.entries()) {
      expect(ids).toHaveLength(requests[index]!.maxTokens);
      expect(scores).toHaveLength(9 * ids.length);
    }
    // Other logits with every step, other texts with every request.
    const last = alone.written.map(({ scores }) => scores.at(-1));
    expect(new Set(last).size).toBe(last.length);
    expect(new Set(alone.written.map(({ text }) => text)).size).toBe(alone.written.length);
  });

  test.each(wanted.map(({ name }) => name))('%s', (name) => {
    expect(runs[name]!.written).toEqual(alone.written);
  });

  test('the arrangements are what their names say', () => {
    const run = (part: string) => Object.entries(runs).find(([name]) => name.includes(part))![1];
    expect(run('over reused prefixes').cachedTokens).toBeGreaterThanOrEqual(64);
    const again = run('again in the same model');
    expect(again.cachedTokens).toBeGreaterThan(run('over reused prefixes').cachedTokens);
    for (const threads of ['one thread', 'four threads'])
      expect(run(`cancelled, ${threads}`).cancelled).toBe(8);
    for (const threads of [1, 2, 4]) expect(run(`given up, ${threads}`).cancelled).toBeGreaterThan(0);
    // Sequences lost their pages and were computed again.
    const scarce = run('nine pages');
    expect(scarce.prefilledTokens).toBeGreaterThan(scarce.newTokens);
    expect(left).toBe(0);
  });
});

describe.each(['generic', 'neon', 'avx2', 'avx512'])('the instruction set %s', (isa) => {
  const asked = requests.filter(({ tokens: { length } }) => length < 20 || length === 65); // `generic` is slow
  test.each([
    ['f32', 16],
    ['q4_k', 8],
    ['q4_k', 16],
  ] as const)('a llama in %s, activations of %i bits', async (type, activationBits) => {
    const file = model(type);
    const first = await inChild(file, [reference], { isa, asked, activationBits });
    if (first.refusal) {
      expect(first.refusal).toEqual({ code: 'unsupported', field: 'TRIVIUM_ISA', found: isa });
      return;
    }
    const { backend, runs } = await inChild(file, arrangementsOfAnIsa, { isa, asked, activationBits });
    expect(backend).toBe(`cpu-${isa}`);
    const alone = first.runs[reference.name]!;
    for (const { name } of arrangementsOfAnIsa) expect(runs[name]!.written, name).toEqual(alone.written);
  });
});
