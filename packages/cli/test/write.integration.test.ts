/**
 * `trivium write` from flags to standard output: the real command, host, client and provider over a model that is
 * played, for no model small enough for a test can write. It spells its tokens: one a character.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contracts } from '@trivium/protocol';
import { documents, Host } from '@trivium/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Command, runCommand } from '../src/command.js';

let folder: string;
let docs: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trivium-write-'));
  docs = join(folder, 'docs');
  await mkdir(docs);
  const sentences = Array.from({ length: 12 }, (_, i) => `Tea number ${i} is steeped for ${i + 2} minutes.`);
  await writeFile(join(docs, 'tea.md'), `# Tea\n\n${sentences.join('\n\n')}\n`);
});
afterAll(() => rm(folder, { recursive: true }));

/** Another tea each time: what says the same again and again is cut. */
const cited = (time: number) => {
  const tea = (time + 1) % 12;
  return `Tea number ${tea} is steeped for ${tea + 2} minutes [1].`;
};
const characters = (text: string) => Int32Array.from(text, (character) => character.codePointAt(0)!);

/** As many words as the prompt asks for, in sentences of ten words; drafts come back as they are. */
function answer(prompt: string): string {
  const draft = /Draft:\n([\s\S]*?)\n\nRewrite/u.exec(prompt)?.[1];
  if (draft) return draft;
  const times = Math.round(Number(/about (\d+) words\.$/u.exec(prompt)![1]) / 9);
  const text = Array.from({ length: times }, (_, time) => cited(time)).join(' ');
  return /numbered point/u.test(prompt) ? `1. **Steeping.** ${text}` : text;
}

/** A host whose language model is played; `prompts` remembers what it was asked. */
function playedHost() {
  const host = new Host({ cacheDir: join(folder, 'cache') });
  const prompts: string[] = [];
  const played = {
    info: { kind: 'causal', contextTokens: 30_000, path: 'played.gguf' },
    tokenizer: { specialTokens: [], encode: async (text: string) => characters(text) },
    async *generate({ tokens, maxTokens }: { tokens: Int32Array; maxTokens: number }) {
      prompts.push(String.fromCodePoint(...tokens));
      const text = answer(prompts.at(-1)!);
      for (const piece of text.match(/\s*\S+/gu) ?? []) yield { type: 'token', id: 0, text: piece };
      const usage = {
        inputTokens: tokens.length,
        cachedTokens: 0,
        outputTokens: Math.min(text.length, maxTokens),
      };
      yield { type: 'finish', reason: 'stop', usage };
    },
  };
  const { models } = host;
  const get = async (reference: string, purpose?: 'language') =>
    reference === 'played.gguf' ? played : models.get(reference, purpose);
  Object.assign(host, { models: { get, [Symbol.asyncDispose]: () => models[Symbol.asyncDispose]() } });
  return { host, prompts };
}

const write = documents.capabilities.find(({ capability }) => capability.name === 'write') as Command;

/** Keeps what is written to it. */
function kept() {
  const pieces: string[] = [];
  return { write: (text: string) => void pieces.push(text), text: () => pieces.join('') };
}

async function run(flags: string[]) {
  const { host, prompts } = playedHost();
  const [out, notes] = [kept(), kept()];
  try {
    const argv = [docs, '--instruction', 'A note on tea', '--model', 'played.gguf', ...flags];
    await runCommand(write, argv, () => host, new AbortController().signal, out, notes);
  } finally {
    await host[Symbol.asyncDispose]();
  }
  return { stdout: out.text(), stderr: notes.text(), prompts };
}

test('Markdown on standard output, once: points, sections, sources', async () => {
  const { stdout, prompts } = await run(['--words', '200', '--summary-ratio', '0.2', '--sections', '1']);
  expect(stdout).toMatch(/^1\. \*\*Steeping\.\*\* Tea number 1 .*\[1\]\./u);
  expect(stdout).toContain('\n\n## Steeping\n\nTea number 1');
  expect(stdout.trimEnd()).toMatch(/\n\n- \[1\] .*tea\.md:\d+$/u);
  expect(stdout.match(/## Steeping/gu)).toHaveLength(1);
  expect(prompts).toHaveLength(3);
});

test('--events: one JSON event a line that fits the contract, the last one holds the text', async () => {
  const { stdout } = await run(['--words', '200', '--stages', '{"polish":false}', '--events']);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => contracts.write.progress.parse(JSON.parse(line)));
  const types = new Set(events.map(({ type }) => type));
  for (const type of ['stage-start', 'text-delta', 'section-start', 'section-end', 'citation', 'stage-end'])
    expect(types).toContain(type);
  const last = events.at(-1)!;
  expect(last.type === 'finish' && last.text).toContain('[1]');
  expect(events.filter(({ type }) => type === 'stage-end')).toHaveLength(2);
});

test('--checkpoint among the documents: the second call asks nothing and prints the same', async () => {
  const checkpoint = join(docs, 'state.json');
  const flags = ['--words', '200', '--checkpoint', checkpoint];
  const first = await run(flags);
  const second = await run(flags);
  expect(second.prompts).toEqual([]);
  expect(second.stdout).toBe(first.stdout);
  await writeFile(checkpoint, (await readFile(checkpoint, 'utf8')).replace('tea', 'Tea'));
  await expect(run(flags)).rejects.toMatchObject({ code: 'bad-format', file: checkpoint });
  await rm(checkpoint);
});

test('--json is one object; warnings go to standard error; both shapes at once are refused', async () => {
  const budget = '{"expand":{"maxTotalTokens":10}}';
  const { stdout } = await run(['--words', '200', '--json']);
  expect(contracts.write.output.parse(JSON.parse(stdout)).stages).toHaveLength(3);
  const short = await run(['--words', '200', '--stages', budget]);
  expect(short.stderr).toContain('trivium: The expand stage reached its budget of tokens');
  expect(short.stdout).not.toContain('budget');
  await expect(run(['--events', '--json'])).rejects.toMatchObject({ code: 'invalid-argument' });
});

test('--events of another capability ends with its output', async () => {
  const search = documents.capabilities.find(({ capability }) => capability.name === 'search') as Command;
  const { host } = playedHost();
  const out = kept();
  try {
    const argv = [docs, '--query', 'steeped', '--limit', '1', '--events'];
    await runCommand(search, argv, () => host, new AbortController().signal, out);
  } finally {
    await host[Symbol.asyncDispose]();
  }
  const last = JSON.parse(out.text().trimEnd().split('\n').at(-1)!);
  expect(last).toMatchObject({ type: 'output', output: { query: 'steeped' } });
});
