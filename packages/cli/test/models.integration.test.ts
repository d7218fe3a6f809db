/** Models of the hub by command: pull, list, verify, remove, run, against a hub on this machine. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeHub } from '../../sdk/test/models/fake-hub.js';

const bin = fileURLToPath(new URL('../bin/trivium.mjs', import.meta.url));
const fixture = fileURLToPath(
  new URL('../../native/tests/fixtures/parity/llama-grouped-tied.gguf', import.meta.url),
);
let hub: FakeHub;
let cache: string;

beforeAll(async () => {
  hub = await new FakeHub().start();
  hub.commit('org/tiny', { 'tiny-F32.gguf': await readFile(fixture), 'tiny-Q8_0.gguf': 'x'.repeat(2000) });
  cache = await mkdtemp(join(tmpdir(), 'trivium-cli-models-'));
});
afterAll(async () => {
  await hub.stop();
  await rm(cache, { recursive: true, force: true });
});

function run(args: string[], extra: NodeJS.ProcessEnv = {}) {
  const { PATH } = process.env;
  const env = {
    PATH,
    HF_ENDPOINT: hub.endpoint,
    HF_HOME: join(cache, 'hf'),
    TRIVIUM_CACHE_DIR: cache,
    ...extra,
  };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [bin, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });
}

test('offline: says what to run, and fetches nothing', async () => {
  const { code, stderr } = await run(['pull', 'hf:org/tiny:F32'], { TRIVIUM_OFFLINE: '1' });
  expect(code).toBe(1);
  expect(stderr).toContain('trivium pull hf:org/tiny:F32');
  expect(hub.requests).toEqual([]);
});

test('pull, list, run, verify, remove', async () => {
  expect(await run(['pull', 'hf:org/tiny'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('one of hf:org/tiny:F32, hf:org/tiny:Q8_0'),
  });
  const pulled = await run(['pull', 'hf:org/tiny:F32', '--json']);
  expect(pulled).toMatchObject({ code: 0, stderr: '' });
  const { path, files } = JSON.parse(pulled.stdout);
  expect(await readFile(path)).toHaveLength(files[0].bytes);
  const listed = await run(['models-list']);
  expect(listed.stdout).toMatch(/^hf:org\/tiny@[0-9a-f]{40} \(main\)/);
  const offline = { TRIVIUM_OFFLINE: '1' };
  const said = await run(
    ['generate', '--model', 'hf:org/tiny:F32', '--prompt', 'hello', '--max-tokens', '2', '--json'],
    offline,
  );
  expect(JSON.parse(said.stdout).usage.outputTokens).toBeGreaterThan(0);
  expect((await run(['models-verify'], offline)).stdout).toContain('1 files are sound, 0 are not');
  expect(await run(['models-remove', 'hf:org/tiny'], offline)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('1 files removed'),
  });
  expect((await run(['models-list'])).stdout).toContain('No models are held');
});

test('a gated repository names HF_TOKEN', async () => {
  hub.token = 'hf_secret';
  expect(await run(['pull', 'hf:org/tiny:F32'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('set HF_TOKEN'),
  });
  expect(await run(['pull', 'hf:org/tiny:F32'], { HF_TOKEN: 'hf_secret' })).toMatchObject({ code: 0 });
});
