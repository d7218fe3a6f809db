/** The caches: what moves from revision to revision, what lies with Hugging Face's tools, verify and remove, two processes. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelHub } from '../../src/models/hub/model-hub.js';
import { FakeHub, sha256 } from './fake-hub.js';
import { finalFiles } from './hub-cache-check.js';

const bytes = (seed: number, length = 40_000) =>
  Buffer.from(Array.from({ length }, (_, index) => (index * seed * 17) % 249));

let hub: FakeHub;
let folder: string;
const models = (settings = {}) =>
  new ModelHub({
    endpoint: hub.endpoint,
    cacheDir: folder,
    huggingFaceCacheDir: join(folder, 'hf'),
    offline: false,
    ...settings,
  });

beforeEach(async () => {
  hub = await new FakeHub().start();
  folder = await mkdtemp(join(tmpdir(), 'trivium-caches-'));
});
afterEach(async () => {
  await hub.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('our cache', () => {
  it('fetches a sharded folder by its index, over pages of the listing', async () => {
    hub.pageSize = 2;
    const index = {
      weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
    };
    hub.commit('org/folder', {
      'config.json': '{}',
      'README.md': 'words',
      'tokenizer.json': '{"model":{}}',
      'model.safetensors.index.json': JSON.stringify(index),
      'model-00001-of-00002.safetensors': bytes(1),
      'model-00002-of-00002.safetensors': bytes(2),
    });
    const { path, files } = await models().pull('hf:org/folder');
    expect((await readdir(path)).sort()).toEqual(files.map(({ file }) => file).sort());
    expect(files).toHaveLength(5);
    const config = files.find(({ file }) => file === 'config.json');
    expect(config).toEqual({ file: 'config.json', bytes: 2, sha256: sha256(Buffer.from('{}')) });
    expect(await models({ offline: true }).resolve('hf:org/folder')).toBe(path);
  });

  it('keeps using what it holds until it is told to pull, and then fetches only what changed', async () => {
    const first = hub.commit('org/repo', { 'a-Q4_0.gguf': bytes(3), 'a-Q8_0.gguf': bytes(4) });
    await models().pull('hf:org/repo:Q4_0');
    await models().pull('hf:org/repo:Q8_0');
    const second = hub.commit('org/repo', { 'a-Q4_0.gguf': bytes(3), 'a-Q8_0.gguf': bytes(5) });
    expect(await models().resolve('hf:org/repo:Q8_0')).toContain(first);
    expect(await models().pull('hf:org/repo:Q8_0')).toMatchObject({
      revision: second,
      downloadedBytes: 40_000,
    });
    // The newest commit lacks this file still; the one before has it.
    expect(await models({ offline: true }).resolve('hf:org/repo:Q4_0')).toContain(first);
    const linked = await models().pull('hf:org/repo:Q4_0');
    expect(linked).toMatchObject({ revision: second, downloadedBytes: 0 });
    expect((await stat(linked.path)).nlink).toBe(2);
    const list = await models().list();
    expect(list.map(({ revision, names }) => [revision, names])).toEqual(
      [first, second].sort().map((commit) => [commit, commit === second ? ['main'] : []]),
    );
  });

  it('an ambiguous reference is refused with or without a network', async () => {
    hub.commit('org/repo', { 'a-Q4_0.gguf': bytes(3), 'a-Q8_0.gguf': bytes(4) });
    await models().pull('hf:org/repo:Q4_0');
    for (const offline of [false, true])
      await expect(models({ offline }).resolve('hf:org/repo')).rejects.toMatchObject({
        code: 'invalid-argument',
        expected: 'one of hf:org/repo:Q4_0, hf:org/repo:Q8_0',
      });
  });

  it('verifies, names what is damaged, removes a part, a revision, everything', async () => {
    const commit = hub.commit('org/repo', { 'a-Q4_0.gguf': bytes(3), 'sub/a-Q8_0.gguf': bytes(4) });
    const [small, large] = [await models().pull('hf:org/repo:Q4_0'), await models().pull('hf:org/repo:Q8_0')];
    expect(await models().verify(undefined)).toMatchObject({ verified: [{}, {}], faults: [] });
    await writeFile(large.path, bytes(9));
    await writeFile(small.path, 'short');
    const { faults } = await models().verify('hf:org/repo');
    expect(faults).toEqual([
      { model: `hf:org/repo@${commit}`, file: 'a-Q4_0.gguf', reason: '5 bytes instead of 40000' },
      {
        model: `hf:org/repo@${commit}`,
        file: 'sub/a-Q8_0.gguf',
        reason: expect.stringContaining('checksum'),
      },
    ]);
    expect(await models().remove('hf:org/repo:Q8_0')).toEqual({
      removed: [{ model: `hf:org/repo@${commit}`, file: 'sub/a-Q8_0.gguf', bytes: 40_000 }],
      freedBytes: 40_000,
    });
    expect(await models().pull('hf:org/repo:Q8_0')).toMatchObject({ downloadedBytes: 40_000 });
    await models().remove(`hf:org/repo@${commit}`);
    expect(await models().list()).toEqual([]);
    await expect(models().remove('hf:org/repo')).rejects.toMatchObject({ code: 'not-found' });
    await models().pull('hf:org/repo:Q4_0');
    await models().remove('hf:org/repo');
    expect(await readdir(join(folder, 'models'))).toEqual([]);
  });

  it('verifies and removes by name in every commit that holds the file, and passes the others by', async () => {
    const files = { 'a-Q4_0.gguf': bytes(3), 'a-Q8_0.gguf': bytes(4) };
    const first = hub.commit('org/repo', files);
    await models().pull('hf:org/repo:Q4_0');
    const second = hub.commit('org/repo', { ...files, 'README.md': 'words' });
    await models().pull('hf:org/repo:Q8_0');
    expect(await models().verify('hf:org/repo/a-Q4_0.gguf')).toMatchObject({
      verified: [{ file: 'a-Q4_0.gguf' }],
      faults: [],
    });
    expect(await models().remove('hf:org/repo:Q4_0')).toMatchObject({
      removed: [{ model: `hf:org/repo@${first}`, file: 'a-Q4_0.gguf' }],
    });
    expect(await models().remove('hf:org/repo/a-Q8_0.gguf')).toMatchObject({
      removed: [{ model: `hf:org/repo@${second}`, file: 'a-Q8_0.gguf' }],
    });
    for (const gone of ['hf:org/repo:Q4_0', 'hf:org/repo/a-Q8_0.gguf'])
      for (const call of [models().verify(gone), models().remove(gone)])
        await expect(call).rejects.toMatchObject({ code: 'not-found', found: gone });
  });

  it('removes a split model of which a part is missing, by its quantization or any of its parts', async () => {
    const part = (number: number) => `a-Q4_0-0000${number}-of-00003.gguf`;
    hub.commit('org/repo', { [part(1)]: bytes(3), [part(2)]: bytes(4), [part(3)]: bytes(5) });
    for (const name of ['hf:org/repo:Q4_0', `hf:org/repo/${part(1)}`]) {
      await rm((await models().pull('hf:org/repo:Q4_0')).path);
      expect((await models().verify(name)).verified.map(({ file }) => file)).toEqual([part(2), part(3)]);
      expect((await models().remove(name)).removed.map(({ file }) => file)).toEqual([part(2), part(3)]);
    }
  });

  it('verifies and removes all of a folder, its shards too, and nothing beside it', async () => {
    const index = { weight_map: { a: 'model-00001-of-00001.safetensors' } };
    hub.commit('org/repo', {
      'a-Q4_0.gguf': bytes(3),
      'sub/config.json': '{}',
      'sub/model.safetensors.index.json': JSON.stringify(index),
      'sub/model-00001-of-00001.safetensors': bytes(4),
    });
    await models().pull('hf:org/repo:Q4_0');
    const pulled = (await models().pull('hf:org/repo/sub')).files.map(({ file }) => file).sort();
    expect(pulled).toHaveLength(3);
    const names = (files: readonly { file: string }[]) => files.map(({ file }) => file).sort();
    expect(names((await models().verify('hf:org/repo/sub')).verified)).toEqual(pulled);
    expect(names((await models().remove('hf:org/repo/sub')).removed)).toEqual(pulled);
    expect((await models().list()).flatMap(({ files }) => names(files))).toEqual(['a-Q4_0.gguf']);
  });
});

describe('the cache of Hugging Face', () => {
  async function huggingFaceHolds(
    repo: string,
    commit: string,
    files: Record<string, Buffer>,
  ): Promise<string> {
    const root = join(folder, 'hf', `models--${repo.replace('/', '--')}`);
    for (const [path, content] of Object.entries(files)) {
      const target = join(root, 'snapshots', commit, path);
      const blob = join(root, 'blobs', sha256(content));
      await mkdir(dirname(target), { recursive: true });
      await mkdir(dirname(blob), { recursive: true });
      await writeFile(blob, content);
      await symlink(blob, target);
    }
    await mkdir(join(root, 'refs'), { recursive: true });
    await writeFile(join(root, 'refs', 'main'), commit);
    return join(root, 'snapshots', commit);
  }

  it('is read where it lies, with and without a network', async () => {
    const commit = hub.commit('org/repo', { 'model.gguf': bytes(6) });
    const snapshot = await huggingFaceHolds('org/repo', commit, { 'model.gguf': bytes(6) });
    expect(await models({ offline: true }).resolve('hf:org/repo')).toBe(join(snapshot, 'model.gguf'));
    expect(await models().pull('hf:org/repo')).toMatchObject({
      path: join(snapshot, 'model.gguf'),
      downloadedBytes: 0,
      files: [{ sha256: sha256(bytes(6)) }],
    });
    expect(hub.fileRequests()).toEqual([]);
    expect(await finalFiles(join(folder, 'models'))).toEqual({});
  });

  it('is passed by where it is damaged or incomplete', async () => {
    const commit = hub.commit('org/repo', { 'model.gguf': bytes(6) });
    const snapshot = await huggingFaceHolds('org/repo', commit, { 'model.gguf': bytes(6) });
    await writeFile(join(snapshot, 'model.gguf'), bytes(7));
    const { path } = await models().pull('hf:org/repo');
    expect(path).toContain(join(folder, 'models'));
    expect(sha256(await readFile(path))).toBe(sha256(bytes(6)));
  });
});

describe('several processes', () => {
  const child = fileURLToPath(new URL('pull-in-child.mjs', import.meta.url));
  const start = () =>
    spawn(process.execPath, [child, hub.endpoint, folder, 'hf:org/repo'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const exit = (process: ReturnType<typeof start>) =>
    new Promise<number | null>((resolve) => process.on('close', resolve));

  it('two that want the same file both get it, and it comes once', async () => {
    hub.commit('org/repo', { 'model.gguf': bytes(8, 400_000) });
    expect(await Promise.all([exit(start()), exit(start())])).toEqual([0, 0]);
    expect(Object.values(await finalFiles(join(folder, 'models')))).toEqual([sha256(bytes(8, 400_000))]);
    expect(hub.fileRequests().filter(({ cdn }) => cdn)).toHaveLength(1);
  });

  it('one that is killed leaves its bytes to the next', async () => {
    const content = bytes(8, 400_000);
    hub.commit('org/repo', { 'model.gguf': content });
    hub.faults.push({ kind: 'hang', afterBytes: 250_000 });
    const doomed = start();
    const partial = join(folder, 'models', 'org--repo', 'partial');
    // Killed once bytes are on the disk: it still waits for the rest.
    for (let size = 0; size < 200_000; ) {
      const [name] = (await readdir(partial).catch(() => [])).filter((entry) => entry.endsWith('.part'));
      size = name ? (await stat(join(partial, name)).catch(() => ({ size: 0 }))).size : 0;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const gone = exit(doomed);
    doomed.kill('SIGKILL');
    await gone;
    expect(await finalFiles(join(folder, 'models'))).toEqual({});
    const pulled = await models().pull('hf:org/repo');
    expect(sha256(await readFile(pulled.path))).toBe(sha256(content));
    expect(pulled.downloadedBytes).toBeLessThanOrEqual(200_000);
    expect(await readdir(partial)).toEqual([]);
  });
});
