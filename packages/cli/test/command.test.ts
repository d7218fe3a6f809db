/** One capability as a command, of plugins whose fields are named like those of the built-in ones and mean something else. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AnyCapability,
  contracts,
  defineCapability,
  type Implementation,
  implement,
} from '@trivium/protocol';
import { Host } from '@trivium/sdk';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Command, runCommand } from '../src/command.js';
import { builtIn } from '../src/words.js';

const host = new Host();
afterAll(() => host[Symbol.asyncDispose]());

const cut = defineCapability({
  plugin: 'cutter',
  name: 'search',
  title: 'Cut',
  description: 'Cuts a text.',
  input: z.object({ texts: z.array(z.string()).optional(), queries: z.array(z.string()).optional() }),
  progress: z.object({ type: z.enum(['finish', 'warning']) }),
  output: z.object({ tokens: z.array(z.string()), model: z.string() }).nullable(),
  effects: { writes: false, destructive: false, network: false },
});

async function lines(implementation: Implementation<AnyCapability>, ...argv: string[]) {
  const pieces: string[] = [];
  const out = { write: (piece: string) => void pieces.push(piece) };
  const signal = new AbortController().signal;
  await runCommand(implementation as Command, argv, () => host, signal, out, out);
  return pieces
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const output = { tokens: ['a', 'b'], model: 'm' };
const cutter = implement<typeof cut>(cut, async function* ({ queries }) {
  yield { type: 'warning' };
  yield { type: 'finish' };
  return queries ? null : output;
});

test('an output is printed whole, and after the events, whatever its fields and theirs are called', async () => {
  expect(await lines(cutter, '--json')).toEqual([output]);
  expect(await lines(cutter, '--events')).toEqual([
    { type: 'warning' },
    { type: 'finish' },
    { type: 'output', output },
  ]);
  expect(await lines(cutter, '--queries', 'x', '--json')).toEqual([null]);
});

test('what a document or a model says does not steer a terminal, and stays what it is elsewhere', async () => {
  const readable = () => '\x1b[31mred\x07';
  for (const [isTTY, says] of [
    [true, '\u241b[31mred\u2407\n'],
    [false, '\x1b[31mred\x07\n'],
  ] as const) {
    const pieces: string[] = [];
    const out = { isTTY, write: (piece: string) => void pieces.push(piece) };
    const signal = new AbortController().signal;
    const command = { ...cutter, capability: { ...cut, readable } } as Command;
    await runCommand(command, [], () => host, signal, out, out);
    expect(pieces.join('')).toBe(says);
  }
});

test('as JSON control characters are escaped, in data and in events', async () => {
  const says = { tokens: ['\x1b[31m', '\x7f\x85\x9b2J'], model: '\u00a0' };
  const sayer = implement<typeof cut>(cut, async function* () {
    yield { type: 'finish' };
    return says;
  });
  for (const shape of ['--json', '--events']) {
    const pieces: string[] = [];
    const out = { write: (piece: string) => void pieces.push(piece) };
    const command = sayer as Implementation<AnyCapability> as Command;
    await runCommand(command, [shape], () => host, new AbortController().signal, out, out);
    expect(pieces.join('')).toContain(String.raw`["\u001b[31m","\u007f\u0085\u009b2J"]`);
    expect(pieces.join('')).not.toMatch(/[\x7f-\x9f]/);
  }
  expect((await lines(sayer as Implementation<AnyCapability>, '--json'))[0]).toEqual(says);
});

test('what every call of a command warns of is said once', async () => {
  const search = implement<typeof contracts.search>(contracts.search, async function* ({ query }) {
    yield { type: 'warning', message: 'skipped, no PDF', path: 'scan.pdf' };
    yield { type: 'warning', message: `Nothing of ${query}.` };
    return { query, hits: [] };
  });
  const folder = await mkdtemp(join(tmpdir(), 'trivium-queries-'));
  const queries = join(folder, 'queries.txt');
  await writeFile(queries, 'tea\nmilk\n');
  const [out, notes] = [[], []] as [string[], string[]];
  const to = (pieces: string[]) => ({ write: (piece: string) => void pieces.push(piece) });
  const argv = ['docs', '--queries', queries, '--json'];
  const command = search as Implementation<AnyCapability> as Command;
  await runCommand(command, argv, () => host, new AbortController().signal, to(out), to(notes));
  expect(out).toHaveLength(2);
  expect(notes).toEqual([
    'trivium: scan.pdf: skipped, no PDF\n',
    'trivium: Nothing of tea.\n',
    'trivium: Nothing of milk.\n',
  ]);
  await rm(folder, { recursive: true });
});

test('a contract may say which field of the output is lines', async () => {
  const withLines = { ...cut, commandLine: { lines: 'tokens' } };
  expect(await lines({ ...cutter, capability: withLines }, '--json')).toEqual(['a', 'b']);
  expect(await lines({ ...cutter, capability: withLines }, '--queries', 'x', '--json')).toEqual([null]);
});

test('an output that tells of a failure is printed, and ends the command with that', async () => {
  const failure = () => ({ code: 'io', message: 'The disk is full.' }) as const;
  const pieces: string[] = [];
  const out = { write: (piece: string) => void pieces.push(piece) };
  const command = { ...cutter, capability: { ...cut, failure } } as Command;
  const { signal } = new AbortController();
  await expect(runCommand(command, ['--json'], () => host, signal, out, out)).rejects.toMatchObject(
    failure(),
  );
  expect(JSON.parse(pieces.join(''))).toEqual(output);
});

test('a job that is followed fails the command unless it succeeded', () => {
  const { failure } = contracts.jobsWatch;
  const job = { id: 'mx0', plugin: 'time', capability: 'endless', createdAt: '', events: 0 };
  const error = { code: 'io', message: 'The disk is full.' } as const;
  expect(failure?.({ ...job, status: 'succeeded' })).toBeUndefined();
  expect(failure?.({ ...job, status: 'failed', error })).toEqual(error);
  expect(failure?.({ ...job, status: 'interrupted' })).toMatchObject({ code: 'cancelled' });
});

test('each built-in capability has an example, and hints that name fields of its own', () => {
  for (const { capability } of builtIn.flatMap(({ capabilities }) => capabilities as readonly Command[])) {
    const {
      examples,
      positional,
      standardInput,
      conversation,
      lines: perLine,
    } = capability.commandLine ?? {};
    expect(examples?.length, capability.name).toBeGreaterThan(0);
    for (const field of [positional, standardInput, conversation])
      if (field !== undefined)
        expect(Object.keys(capability.input.shape ?? capability.input.def.shape)).toContain(field);
    if (perLine !== undefined) expect(Object.keys(capability.output.shape)).toContain(perLine);
  }
});
