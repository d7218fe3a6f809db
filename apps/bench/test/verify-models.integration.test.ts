/** `verify:models`: pins, comparisons over engines that are played, and the command over a hub on this machine. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeHub } from '../../../packages/sdk/test/models/fake-hub.js';
import {
  compareChats,
  compareDistributions,
  compareGreedy,
  compareTokens,
} from '../lib/verify/compare-engines.mjs';
import { holdTo, pinOf, readTable, referenceOf } from '../lib/verify/pinned-models.mjs';
import { forgeryOf, prompts, texts } from '../lib/verify/texts.mjs';

describe('pins', () => {
  const model = { name: 'm', repo: 'org/m', file: 'm.gguf' };
  const lock = { m: { repo: 'org/m', file: 'm.gguf', revision: 'a'.repeat(40), bytes: 3, sha256: 'f' } };

  test('the lock holds, unless it is of another file or is to be forgotten', () => {
    expect(referenceOf(pinOf(model, lock, false))).toBe(`hf:org/m@${'a'.repeat(40)}/m.gguf`);
    for (const pin of [
      pinOf(model, lock, true),
      pinOf({ ...model, file: 'n.gguf' }, lock, false),
      pinOf(model, {}, false),
    ])
      expect(pin.revision).toBeUndefined();
    expect(referenceOf(pinOf(model, {}, false))).toBe('hf:org/m/m.gguf');
  });

  test('a first fetch is pinned, other bytes are a fault', () => {
    const pulled = { revision: 'b', files: [{ file: 'm.gguf', bytes: 3, sha256: 'f' }] };
    expect(holdTo(model, pulled)).toEqual({
      pin: { repo: 'org/m', file: 'm.gguf', revision: 'b', bytes: 3, sha256: 'f' },
    });
    expect(holdTo({ ...model, sha256: 'e' }, pulled).fault).toContain(
      'sha256 is pinned as e, the hub gives f',
    );
    expect(holdTo({ ...model, bytes: 4 }, pulled).fault).toContain('bytes');
  });

  test('the table that ships names ten models, each once, and makes up no checksum', () => {
    const table = readTable(fileURLToPath(new URL('../verify-models.json', import.meta.url)));
    expect(table).toHaveLength(10);
    for (const entry of table) {
      expect(referenceOf(entry)).toMatch(/^hf:[^/]+\/[^/]+\/[^/]+\.gguf$/);
      expect(Object.keys(entry)).toEqual(['name', 'repo', 'file', 'why']);
    }
  });
});

/** An engine that answers from functions. */
type Played = Record<string, (...values: never[]) => unknown>;
const engine = (played: Played) => ({
  call: async (method: string, ...values: unknown[]) => played[method]!(...(values as never[])),
});
const characters = (text: string) => Array.from(text, (character) => character.codePointAt(0)!);

describe('comparisons', () => {
  const same: Played = {
    specialTokens: () => ['<s>', '<|im_end|>'],
    tokenize: (text: string) => characters(text),
    encode: (text: string) => characters(text),
  };

  test('ids of every text and of a forgery; what differs is named with its place', async () => {
    const agreed = await compareTokens(engine(same), engine(same));
    expect(agreed).toMatchObject({
      agreed: agreed.of,
      faults: [],
      forgery: forgeryOf(['<s>', '<|im_end|>']),
    });
    expect(agreed.of).toBe(Object.keys(texts).length + 3);
    const other = { ...same, tokenize: (text: string) => characters(text.replace('2', '3')) };
    const { faults } = await compareTokens(engine(same), engine(other));
    expect(faults).toContainEqual(expect.stringMatching(/^digits: at token \d+ ours \[.*\], theirs \[/));
  });

  test('chats: agreement, a template that is absent, one that refuses', async () => {
    const encodes = engine({ encodeChat: (messages: unknown) => characters(JSON.stringify(messages)) });
    const theirs = engine({
      encodeChat: (messages: unknown) => ({ tokens: characters(JSON.stringify(messages)) }),
    });
    expect(await compareChats(encodes, theirs, 'f')).toMatchObject({ agreed: 4, of: 4, faults: [] });
    const none = engine({ encodeChat: () => ({ absent: 'none' }) });
    expect(await compareChats(encodes, none, 'f')).toMatchObject({ of: 0, absent: 'none', faults: [] });
    const refuses = engine({
      encodeChat: () => {
        throw new Error('no system messages\n  at x');
      },
    });
    expect((await compareChats(refuses, theirs, 'f')).faults[0]).toBe('chat 1: no system messages');
  });

  test('greedy continuations may part at a near tie only', async () => {
    const going = (last: number, lead: number): Played => ({
      ...same,
      greedy: () => [1, 2, last],
      logitsAfter: (tokens: number[]) => {
        expect(tokens.slice(-2)).toEqual([1, 2]);
        return Float32Array.of(0, 0, 0, lead, 0);
      },
    });
    expect(await compareGreedy(engine(going(3, 1)), engine(going(3, 1)), 3)).toMatchObject({
      agreed: 12,
      of: 12,
    });
    expect((await compareGreedy(engine(going(3, 0.1)), engine(going(4, 0.1)), 3)).faults).toEqual([]);
    const { agreed, faults } = await compareGreedy(engine(going(3, 1)), engine(going(4, 1)), 3);
    expect([agreed, faults.length]).toEqual([8, prompts.length]);
    expect(faults[0]).toBe('prompt 1: they part at token 2 where ours is 1.000 nats ahead');
  });

  test('distributions: equal ones, another first choice, numbers that are none', async () => {
    const logits = (...row: number[]): Played => ({
      ...same,
      logits: (tokens: number[]) => tokens.map(() => Float32Array.from(row)),
    });
    const [one, two, bad] = [logits(1, 0, 0), logits(0, 1, 0), logits(Number.NaN, 0, 0)].map(engine);
    expect(await compareDistributions(one, one, 'abc', 2)).toMatchObject({ meanDivergence: 0, faults: [] });
    const { faults } = await compareDistributions(one, two, 'abc', 2);
    expect(faults).toEqual([
      'position 0: theirs is 1.000 nats ahead of our choice',
      'position 1: theirs is 1.000 nats ahead of our choice',
      expect.stringContaining('mean divergence'),
    ]);
    expect((await compareDistributions(one, bad, 'abc', 1)).faults).toHaveLength(1);
  });
});

describe('the command', () => {
  const script = fileURLToPath(new URL('../verify-models.mjs', import.meta.url));
  const fixture = fileURLToPath(
    new URL('../../../packages/native/tests/fixtures/parity/llama-grouped-tied.gguf', import.meta.url),
  );
  let hub: FakeHub;
  let folder: string;

  beforeAll(async () => {
    hub = await new FakeHub().start();
    folder = await mkdtemp(join(tmpdir(), 'trivium-verify-'));
    const tiny = { name: 'tiny', repo: 'org/tiny', file: 'tiny.gguf' };
    await writeFile(
      join(folder, 'table.json'),
      JSON.stringify({ models: [tiny, { ...tiny, name: 'gone', file: 'gone.gguf' }] }),
    );
    hub.commit('org/tiny', { 'tiny.gguf': await readFile(fixture) });
  });
  afterAll(async () => {
    await hub.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function run(args: string[], extra: NodeJS.ProcessEnv = {}) {
    const env = {
      PATH: process.env.PATH,
      HF_ENDPOINT: hub.endpoint,
      HF_HOME: join(folder, 'hf'),
      TRIVIUM_CACHE_DIR: join(folder, 'cache'),
      ...extra,
    };
    const paths = ['--table', join(folder, 'table.json'), '--lock', join(folder, 'lock.json')];
    return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        [script, '--download-only', ...paths, ...args],
        { env },
        (error, stdout, stderr) =>
          resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
      );
    });
  }
  const only = ['--only', 'tiny'];

  test('without a network: one sentence, exit code 2, nothing is asked', async () => {
    const { code, stdout, stderr } = await run(only, { TRIVIUM_OFFLINE: '1' });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('The hub cannot be reached, so no checkpoint was verified');
    expect(hub.requests).toEqual([]);
    expect((await run(['--only', 'nonsense'])).code).toBe(2);
    expect((await run(['--positions', '0'])).code).toBe(2);
  });

  test('pins on the first run, holds to the pin when the hub moves on, moves with --update', async () => {
    expect((await run(only)).code).toBe(0);
    const lock = async () => JSON.parse(await readFile(join(folder, 'lock.json'), 'utf8')).tiny;
    const first = await lock();
    expect(first).toMatchObject({
      repo: 'org/tiny',
      file: 'tiny.gguf',
      bytes: (await readFile(fixture)).length,
    });
    expect(first.sha256).toMatch(/^[0-9a-f]{64}$/);
    hub.commit('org/tiny', { 'tiny.gguf': 'y'.repeat(5000) });
    expect((await run(only)).code).toBe(0);
    expect(await lock()).toEqual(first);
    expect((await run([...only, '--update'])).code).toBe(0);
    expect(await lock()).toMatchObject({ bytes: 5000 });
  });

  test('other bytes than the pinned ones, and a file that is not there, are faults of their models alone', async () => {
    const lock = JSON.parse(await readFile(join(folder, 'lock.json'), 'utf8'));
    await writeFile(
      join(folder, 'lock.json'),
      JSON.stringify({ tiny: { ...lock.tiny, sha256: '0'.repeat(64) } }),
    );
    const { code, stdout } = await run([]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/tiny: sha256 is pinned as 0{64}, the hub gives/);
    expect(stdout).toMatch(/gone: .*\(/);
    const { faults, rows } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
    expect(Object.keys(faults)).toEqual(['tiny', 'gone']);
    expect(rows.map(({ agrees }: { agrees: boolean }) => agrees)).toEqual([false, false]);
  });
});
