/** The real command: the forms that scripts rely on, exit codes, data on standard output alone. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../bin/trivium.mjs', import.meta.url));
const model = fileURLToPath(
  new URL('../../native/tests/fixtures/parity/llama-grouped-tied.gguf', import.meta.url),
);
let folder: string;
let cache: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trivium-cli-'));
  cache = await mkdtemp(join(tmpdir(), 'trivium-cache-'));
  await writeFile(
    join(folder, 'tea.md'),
    '# Tea\n\nGreen tea is steeped for two minutes at eighty degrees.\n',
  );
  await writeFile(
    join(folder, 'coffee.md'),
    '# Coffee\n\nEspresso is pressed at nine bar for half a minute.\n',
  );
  await writeFile(join(cache, 'queries.txt'), 'green tea\n\n \nespresso\n');
});

function run(
  args: string[],
  stdin = '',
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [bin, ...args],
      { env: { ...process.env, TRIVIUM_CACHE_DIR: cache, ...env } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
    child.stdin?.end(stdin);
  });
}
const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('documents', () => {
  test('search --json and --queries, blank ones left out', async () => {
    const one = await run(['search', folder, '--query', 'green tea', '--limit', '1', '--json']);
    expect(one).toMatchObject({ code: 0, stderr: '' });
    const [{ query, hits }] = lines(one.stdout);
    expect(query).toBe('green tea');
    expect(hits[0]).toMatchObject({
      path: expect.stringContaining('tea.md'),
      text: expect.stringContaining('steeped'),
    });
    expect(Object.keys(hits[0])).toEqual(expect.arrayContaining(['path', 'start', 'end', 'score', 'text']));
    const many = await run([
      'search',
      folder,
      '--queries',
      join(cache, 'queries.txt'),
      '--limit',
      '1',
      '--json',
    ]);
    expect(lines(many.stdout).map(({ query: asked }) => asked)).toEqual(['green tea', 'espresso']);
  });

  test('ask and summarize --json', async () => {
    const [answer] = lines(
      (await run(['ask', folder, '--question', 'How long is tea steeped?', '--json'])).stdout,
    );
    expect(answer).toMatchObject({
      mode: 'extractive',
      ms: expect.any(Number),
      text: expect.stringContaining('two minutes'),
    });
    expect(answer.citations[0]).toMatchObject({
      path: expect.stringContaining('tea.md'),
      start: expect.any(Number),
    });
    const [summary] = lines(
      (await run(['summarize', join(folder, 'tea.md'), '--words', '20', '--json'])).stdout,
    );
    expect(summary).toMatchObject({
      sourceTokens: expect.any(Number),
      text: expect.stringContaining('Green tea'),
    });
  });
});

describe('models', () => {
  test('lines in, lines out: embed and tokenize', async () => {
    const embedded = lines((await run(['embed', '--json'], 'hello\n你好\n')).stdout);
    expect(embedded.map((row: number[]) => row.length)).toEqual([256, 256]);
    const given = lines((await run(['embed', 'hello', '你好', '--json'])).stdout);
    expect(given).toEqual(embedded);
    const ids = lines((await run(['tokenize', '--model', model, '--json'], 'a b\nc\n')).stdout);
    expect(ids).toHaveLength(2);
  });

  test('logits, generate and inspect', async () => {
    const [{ logits }] = lines(
      (await run(['logits', '--model', model, '--tokens', '1,2,3', '--json'])).stdout,
    );
    const args = [
      'generate',
      '--model',
      model,
      '--prompt',
      'hello',
      '--max-tokens',
      '4',
      '--temperature',
      '0',
      '--json',
    ];
    const [generated] = lines((await run(args)).stdout);
    expect(generated.tokens.length).toBeLessThanOrEqual(4);
    const [inspected] = lines((await run(['inspect', model, '--json'])).stdout);
    expect(inspected).toMatchObject({ architecture: 'llama', supported: true });
    expect(logits).toHaveLength(inspected.vocabularySize);
  });
});

describe('chat', () => {
  const chat = ['chat', '--model', model, '--max-tokens', '4', '--lines', '--json'];

  test('standard input is the conversation: the same seed says the same, and turns see those before them', async () => {
    const seeded = ['--temperature', '1', '--seed', '3'];
    const [first, second] = [
      await run([...chat, ...seeded], 'ab\ncd\n'),
      await run([...chat, ...seeded], 'ab\ncd\n'),
    ];
    expect(first.code).toBe(0);
    const turns = lines(first.stdout);
    expect(turns.map(({ text }) => text)).toEqual(lines(second.stdout).map(({ text }) => text));
    expect(turns).toHaveLength(2);
    expect(turns[1].usage.inputTokens).toBeGreaterThan(turns[0].usage.inputTokens);
  });

  test('the oldest turns leave a full context, and standard error says so', async () => {
    const talk = await run(chat, `${'a b c d e f g h '.repeat(10)}\n`.repeat(4));
    expect(talk.code).toBe(0);
    expect(talk.stderr).toContain('oldest messages are left out');
    const dropped = lines(talk.stdout).map(({ droppedMessages, warnings }) => [
      droppedMessages,
      warnings.join(),
    ]);
    expect(dropped.at(-1)).toEqual([
      expect.any(Number),
      expect.stringContaining('oldest messages are left out'),
    ]);
  });

  test('no model: one sentence that says how to get one', async () => {
    const { code, stderr } = await run(['chat'], 'hello');
    expect(code).toBe(2);
    expect(stderr).toContain('hf:');
    expect((await run(['chat', '--help'])).stdout).toContain('/save FILE');
    expect((await run(['chat', '--messages', '[]'], 'x')).code).toBe(2);
  });
});

describe('how fast', () => {
  test('inspect estimates; --measure runs the model beside it; --no-speed does neither', async () => {
    const [measured] = lines((await run(['inspect', model, '--measure', '--json'])).stdout);
    const { backend, threads, estimate, measurement } = measured.speed;
    expect([backend, threads]).toEqual([expect.stringMatching(/^cpu-/), expect.any(Number)]);
    for (const speed of [estimate, measurement])
      for (const figure of [speed.prefill, speed.decode]) expect(figure).toBeGreaterThan(0);
    expect(estimate.uncertainty).toBeGreaterThanOrEqual(0.3);
    expect(['memory', 'arithmetic']).toContain(estimate.decodeLimit);
    expect(measurement).toMatchObject({ promptTokens: 191, decodedTokens: 64, rounds: 3 });
    const [plain] = lines((await run(['inspect', model, '--no-speed', '--json'])).stdout);
    expect(plain.speed).toBeUndefined();
    const { stdout } = await run(['inspect', model]);
    expect(stdout).toMatch(
      /^speed here, estimated to \d+ % \(cpu-\S+, \d+ threads?\): prefill about \d+ tokens\/s, decode/m,
    );
  });

  test('of an embedder there is none, and it says why', async () => {
    const embedder = model.replace('llama-grouped-tied', 'bert-mean');
    const [{ speed }] = lines((await run(['inspect', embedder, '--json'])).stdout);
    expect(speed).toMatchObject({ absent: expect.stringContaining('write text') });
  });
});

test('inspect takes models by name, and tells all that nano stands for', async () => {
  const [nano] = lines((await run(['inspect', 'nano', '--json'])).stdout);
  expect(nano).toMatchObject({
    kind: 'causal',
    supported: true,
    path: expect.stringContaining('language.gguf'),
  });
  expect(nano.speed.estimate.decode).toBeGreaterThan(0);
  expect(nano.models.map(({ name, kind }: { name?: string; kind: string }) => [name, kind])).toEqual([
    ['nano', 'causal'],
    ['nano', 'static-embedding'],
    ['nano-contextual', 'encoder'],
    ['nano', 'cross-encoder'],
  ]);
  const { stdout } = await run(['inspect', 'nano', '--no-speed']);
  expect(stdout).toMatch(
    /^nano is 4 models; what follows is of the first:\n {2}writes text \(as nano; causal, /,
  );
  const [contextual] = lines((await run(['inspect', 'nano-contextual', '--no-speed', '--json'])).stdout);
  expect(contextual).toMatchObject({ kind: 'encoder' });
  expect(contextual.models).toBeUndefined();
});

test('inspect names the kind of a model', async () => {
  const ranker = model.replace('llama-grouped-tied', 'bert-cross');
  const { stdout } = await run(['inspect', ranker, '--no-speed']);
  expect(stdout).toMatch(/^bert-cross: bert, cross-encoder \(gguf\)$/m);
  const [{ kind }] = lines((await run(['inspect', model, '--no-speed', '--json'])).stdout);
  expect(kind).toBe('causal');
});

describe('wrong calls', () => {
  test.each([
    [['nonsense'], 2, 'no command'],
    [['serch', '.'], 2, 'Is "trivium search" meant?'],
    [['jobs', 'lst'], 2, 'Is "trivium jobs list" meant?'],
    [['search', '.', '--query', 'x', '--limt', '3'], 2, 'Is --limit meant?'],
    [['search', '.'], 2, 'trivium search wants --query STRING'],
    [['search'], 2, 'trivium search wants PATHS…'],
    [['generate', '--prompt', 'x'], 2, 'No model is given'],
    [
      ['generate', '--model', 'nano', '--prompt', 'x', '--max-tokens', '-1'],
      2,
      'generate: --max-tokens: Too small',
    ],
    [
      ['generate', '--model', 'nano', '--prompt', 'x', '--top-k', '3000000000'],
      2,
      '--top-k must be an integer from 0 to 2147483647. (invalid-argument)\n  field: --top-k\n',
    ],
    [
      ['generate', '--model', 'nano', '--prompt', 'x', '--context-tokens', '3000000000'],
      2,
      'found: 3000000000',
    ],
    [['search', '.', '--query', 'x', '--limit', '0'], 2, 'search: --limit: Too small'],
    [['generate', '--model', 'nano', '--prompt', 'x', '--kv-memory-bytes', '8'], 1, 'lower --context-tokens'],
    [['search', '/nowhere', '--query', 'x'], 1, 'not-found'],
    [['search', '.', '--query', 'x', '--queries', 'x.txt'], 2, 'either --query or a line of --queries'],
    [['search', '.', '--queries', 'nowhere.txt'], 1, 'There is no file nowhere.txt'],
    [['search', '.', '--queries', '.'], 1, '. cannot be read: EISDIR'],
    [['search', '--query', 'x'], 2, 'paths'],
    [['search', '.', '--limit', 'x'], 2, '--limit'],
    [['generate', '--model', '/nowhere.gguf', '--prompt', 'x'], 1, 'not-found'],
    [['write', '.', '--words', '200'], 2, 'instruction'],
    [['write', '.', '--instruction', 'x', '--words', '1'], 2, 'words'],
    [['write', '.', '--instruction', 'x', '--model', '/nowhere.gguf'], 1, 'not-found'],
    [['write', 'package.json', '--instruction', 'x'], 2, 'No model is given'],
    [['embed', '--events'], 2, '--events'],
    [['summarize', '-', '--job'], 2, 'or leave out --job.\n'],
    [['search', '-', '--queries', '-'], 2, 'cannot both be standard input'],
  ])('%j', async (args, code, says) => {
    const result = await run(args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(says);
  });

  test('documents that cannot be read are named, and end a call that has no others', async () => {
    const scan = join(folder, 'scan.pdf');
    await writeFile(scan, 'no PDF');
    try {
      const some = await run(['search', folder, '--query', 'green tea', '--limit', '1']);
      expect(some).toMatchObject({ code: 0, stdout: expect.stringContaining('steeped') });
      expect(some.stderr).toBe(`trivium: ${scan}: skipped, not a PDF: no %PDF in its first 1,024 bytes\n`);
      const calls = [['read'], ['search', '--query', 'tea'], ['ask', '--question', 'tea?'], ['summarize']];
      for (const call of calls) {
        const none = await run([...call, scan]);
        expect(none).toMatchObject({ code: 1, stdout: '' });
        expect(none.stderr).toContain(`${scan} cannot be read. (bad-format)`);
        expect(none.stderr).toContain('found: not a PDF');
      }
    } finally {
      await rm(scan);
    }
  });

  test('a model that is set for all calls is that of a call that names none', async () => {
    const args = ['generate', '--prompt', 'a b', '--max-tokens', '3', '--temperature', '0'];
    const named = await run([...args, '--model', model]);
    expect(await run(args, '', { TRIVIUM_MODEL: model })).toEqual(named);
    expect(named.code).toBe(0);
    const row = ['logits', '--tokens', '1,2', '--json'];
    expect(await run(row, '', { TRIVIUM_MODEL: model })).toEqual(await run([...row, '--model', model]));
    const write = ['write', join(folder, 'tea.md'), '--instruction', 'x'];
    const written = await run(write, '', { TRIVIUM_MODEL: '/nowhere.gguf' });
    expect(written.stderr).toContain('/nowhere.gguf');
  });

  test('what is removed is named by the call alone', async () => {
    const { code, stderr } = await run(['models', 'remove'], '', { TRIVIUM_MODEL: model });
    expect([code, stderr]).toEqual([2, expect.stringContaining('wants MODEL')]);
  });

  test('an answer that is not there is said in words', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'trivium-empty-'));
    const { code, stdout, stderr } = await run(['ask', empty, '--question', 'What is tea?']);
    expect([code, stdout]).toEqual([0, 'Nothing found.\n']);
    expect(stderr).toContain(`${empty}: There are no documents.`);
    await rm(empty, { recursive: true });
  });

  describe.skipIf(process.platform !== 'linux')('on a full disk', () => {
    const ended = async (args: string[], stdout: 'ignore' | number, stderr: 'pipe' | number) => {
      const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', stdout, stderr] });
      let said = '';
      child.stderr?.on('data', (chunk) => {
        said += chunk;
      });
      const [code] = await once(child, 'close');
      return [code, said];
    };

    test.each([[['search', '--query', 'tea']], [['doctor']], [['--version']], [['serve', '--help']]])(
      'an output that cannot be written is one sentence: %j',
      async ([name = '', ...rest]) => {
        await using full = await open('/dev/full', 'w');
        const args = name === 'search' ? [name, folder, ...rest] : [name, ...rest];
        expect(await ended(args, full.fd, 'pipe')).toEqual([
          1,
          expect.stringMatching(/^trivium: Standard output cannot be written: ENOSPC.*\n$/),
        ]);
      },
    );

    test('errors that cannot be said keep their exit codes', async () => {
      await using full = await open('/dev/full', 'w');
      expect(await ended(['nonsense'], 'ignore', full.fd)).toEqual([2, '']);
    });
  });

  test('a model whose context is too small is told so', async () => {
    const result = await run(['write', join(folder, 'tea.md'), '--instruction', 'x', '--model', model]);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('context-overflow');
  });

  test('help goes to standard output', async () => {
    const { code, stdout } = await run(['ask', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--question');
    expect((await run(['help', 'ask'])).stdout).toBe(stdout);
    expect((await run(['ask', '-h'])).stdout).toBe(stdout);
  });
});

describe.skipIf(process.platform === 'win32')('told to end, while more may come on standard input,', () => {
  /** The command with its standard input open. */
  const started = (args: string[]) => {
    const env = { ...process.env, TRIVIUM_CACHE_DIR: cache };
    const child = spawn(process.execPath, [bin, ...args], { env, stdio: 'pipe' });
    return { child, said: textOf(child.stderr), ended: once(child, 'exit') };
  };

  test.each([[['summarize', '-']], [['chat', '--model', model]]])('%j ends', async (args) => {
    const { child, said, ended } = started(args);
    // More than a pipe holds: once it is written, the command reads.
    await new Promise((resolve) => child.stdin.write('tea\n'.repeat(2 ** 20), resolve));
    child.kill('SIGTERM');
    expect(await ended).toEqual([130, null]);
    expect(await said).toBe('Interrupted.\n');
  });

  test.each([
    [['embed']],
    [['search', '--queries', '-']],
    [['chat', '--model', model, '--max-tokens', '4', '--lines']],
  ])('%j answers what has come, and ends', async ([name = '', ...rest]) => {
    const { child, said, ended } = started(name === 'search' ? [name, folder, ...rest] : [name, ...rest]);
    child.stdin.write('tea\n');
    await once(child.stdout, 'data');
    child.stdout.resume();
    child.kill('SIGTERM');
    expect(await ended).toEqual([130, null]);
    expect(await said).toMatch(/Interrupted\.\n$/);
  });
});
