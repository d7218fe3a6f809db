/** Pulling against a hub that breaks on purpose: every fault is a typed error or is overcome, and leaves no wrong file. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { TriviumError } from '@trivium/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { brokenConnection } from '../../src/models/hub/hub-connection.js';
import { ModelHub } from '../../src/models/hub/model-hub.js';
import { FakeHub, type Fault, sha256 } from './fake-hub.js';
import { finalFiles } from './hub-cache-check.js';

const retry = { attempts: 3, baseDelayMs: 1, maxDelayMs: 1500 };
const content = Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * 7919) % 251));

let hub: FakeHub;
let folder: string;
const models = (settings = {}, seams = {}) =>
  new ModelHub(
    {
      endpoint: hub.endpoint,
      cacheDir: folder,
      huggingFaceCacheDir: join(folder, 'hf'),
      offline: false,
      ...settings,
    },
    { retry, ...seams },
  );
const checksum = async (path: string) => sha256(await readFile(path));
const modelsFolder = () => join(folder, 'models');

beforeEach(async () => {
  hub = await new FakeHub().start();
  folder = await mkdtemp(join(tmpdir(), 'trivium-hub-'));
  hub.commit('org/repo', { 'model.gguf': content, 'README.md': 'words' });
});
afterEach(async () => {
  await hub.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('a pull', () => {
  it('brings the file, says its checksum and progress, and asks for no file twice', async () => {
    const progress: { file: string; bytes: number; totalBytes: number }[] = [];
    const pulled = await models().pull('hf:org/repo', { onProgress: (step) => progress.push(step) });
    expect(await checksum(pulled.path)).toBe(sha256(content));
    expect(pulled).toMatchObject({
      model: 'hf:org/repo',
      downloadedBytes: content.length,
      files: [{ file: 'model.gguf', bytes: content.length, sha256: sha256(content) }],
    });
    expect(progress[0]).toMatchObject({ file: 'model.gguf', bytes: 0, totalBytes: content.length });
    expect(progress.at(-1)).toMatchObject({ bytes: content.length });
    const before = hub.fileRequests().length;
    expect(await models().pull('hf:org/repo')).toMatchObject({ downloadedBytes: 0, path: pulled.path });
    expect(await models().resolve('hf:org/repo')).toBe(pulled.path);
    expect(hub.fileRequests()).toHaveLength(before);
  });

  it('sends the token to the hub and never to the storage it redirects to', async () => {
    hub.token = 'secret';
    await models({ token: 'secret' }).pull('hf:org/repo');
    const seen = hub.fileRequests();
    expect(seen.filter(({ cdn }) => !cdn).map(({ authorization }) => authorization)).toEqual([
      'Bearer secret',
    ]);
    expect(seen.filter(({ cdn }) => cdn).map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('sends the user of the address in a header, before any token, and never to the storage', async () => {
    const authorization = `Basic ${Buffer.from('bob@x:s3%cret').toString('base64')}`;
    const endpoint = hub.endpoint.replace('//', '//bob%40x:s3%cret@');
    const pulled = models({ endpoint, token: 'other' });
    await pulled.pull('hf:org/repo');
    expect(pulled.settings.endpoint).toBe(hub.endpoint);
    expect(hub.fileRequests().map((request) => request.authorization)).toEqual([authorization, undefined]);
  });

  it('takes a token without the blanks around it', async () => {
    hub.token = 'secret';
    await models({ token: ' secret\n' }).pull('hf:org/repo');
    expect(hub.fileRequests()[0]).toMatchObject({ authorization: 'Bearer secret' });
  });

  it('overcomes cuts, busy and failing servers, and resumes where it was', async () => {
    hub.faults.push(
      { kind: 'cut', afterBytes: 10_000 },
      { kind: 'status', status: 503 },
      { kind: 'status', status: 429, retryAfterSeconds: 0 },
      { kind: 'short', afterBytes: 5_000 },
      { kind: 'refuse' },
    );
    const patient = { retry: { ...retry, attempts: 6 } };
    const pulled = await models({}, patient).pull('hf:org/repo');
    expect(await checksum(pulled.path)).toBe(sha256(content));
    // No byte came twice: each try went on where the last one had ended.
    expect(pulled.downloadedBytes).toBe(content.length);
    const [first, ...rest] = hub.fileRequests().flatMap(({ cdn, range }) => (cdn ? [range] : []));
    expect(first).toBeUndefined();
    expect(rest).toHaveLength(5);
    expect(rest.at(-1)).toMatch(/^bytes=\d{4,5}-$/);
  });

  it.each<[Fault]>([
    [{ kind: 'flip', atByte: 123 }],
    [{ kind: 'long', extraBytes: 3 }],
    [{ kind: 'wrong-length' }],
    [{ kind: 'wrong-etag' }],
  ])('begins anew after %j and refuses a server that keeps to it', async (fault) => {
    hub.faults.push({ ...fault });
    expect(await checksum((await models().pull('hf:org/repo')).path)).toBe(sha256(content));
    await rm(modelsFolder(), { recursive: true });
    // The hub and its CDN each take one.
    const requests = fault.kind === 'wrong-etag' ? 2 : 1;
    for (let count = 0; count < 3 * requests; count += 1) hub.faults.push({ ...fault });
    await expect(models().pull('hf:org/repo')).rejects.toMatchObject({
      code: 'corrupt',
      remedy: expect.any(String),
    });
    expect(await finalFiles(modelsFolder())).toEqual({});
    expect(await checksum((await models().pull('hf:org/repo')).path)).toBe(sha256(content));
  });

  it.each<[Fault]>([[{ kind: 'ignore-range' }], [{ kind: 'wrong-range' }]])(
    'takes no other stretch of the file for the one it asked: %j',
    async (fault) => {
      hub.faults.push({ kind: 'cut', afterBytes: 20_000 }, fault);
      expect(await checksum((await models().pull('hf:org/repo')).path)).toBe(sha256(content));
    },
  );

  it('drops what an earlier process left damaged', async () => {
    const partial = join(modelsFolder(), 'org--repo', 'partial');
    hub.faults.push({ kind: 'cut', afterBytes: 20_000 }, { kind: 'html' });
    await expect(models().pull('hf:org/repo')).rejects.toMatchObject({ code: 'network' });
    const [left] = (await readdir(partial)).filter((name) => name.endsWith('.part'));
    expect(left).toBe(`${sha256(content)}.part`);
    await writeFile(join(partial, left!), Buffer.alloc(20_000, 9));
    expect(await checksum((await models().pull('hf:org/repo')).path)).toBe(sha256(content));
    expect(await readdir(partial)).toEqual([]);
  });

  it('stops when told to and goes on later', async () => {
    const controller = new AbortController();
    hub.faults.push({ kind: 'hang', afterBytes: 30_000 });
    const stopped = models().pull('hf:org/repo', {
      signal: controller.signal,
      onProgress: ({ bytes }) => bytes >= 0 && setTimeout(() => controller.abort(new Error('enough')), 50),
    });
    await expect(stopped).rejects.toThrow('enough');
    const pulled = await models().pull('hf:org/repo');
    expect(await checksum(pulled.path)).toBe(sha256(content));
    expect(pulled.downloadedBytes).toBeLessThan(content.length);
  });
});

describe('what cannot be overcome says what to do', () => {
  it.each<[string, Fault, object]>([
    ['a web page', { kind: 'html' }, { code: 'network', remedy: expect.stringContaining('proxy') }],
    ['a gated repository', { kind: 'status', status: 403 }, { code: 'network' }],
    ['a missing file', { kind: 'status', status: 404 }, { code: 'not-found' }],
    [
      'a wait that is too long',
      { kind: 'status', status: 429, retryAfterSeconds: 3600 },
      { code: 'network' },
    ],
    ['a dead server', { kind: 'status', status: 500 }, { code: 'network' }],
  ])('%s', async (_, fault, error) => {
    hub.faults.push(fault, fault, fault);
    await expect(models().pull('hf:org/repo')).rejects.toMatchObject(error);
    expect(await finalFiles(modelsFolder())).toEqual({});
  });

  it('a gated repository, with and without a token', async () => {
    hub.token = 'secret';
    await expect(models().pull('hf:org/repo')).rejects.toMatchObject({
      code: 'forbidden',
      field: 'HF_TOKEN',
      remedy: expect.stringContaining('set HF_TOKEN'),
    });
    await expect(models({ token: 'other' }).pull('hf:org/repo')).rejects.toMatchObject({
      code: 'forbidden',
      remedy: expect.stringContaining('account of HF_TOKEN'),
    });
  });

  it('a repository, revision or file that is not there', async () => {
    await expect(models().pull('hf:org/none')).rejects.toMatchObject({ code: 'not-found' });
    await expect(models().pull('hf:org/repo@none')).rejects.toMatchObject({ code: 'not-found' });
    await expect(models().pull('hf:org/repo/none.gguf')).rejects.toMatchObject({
      code: 'not-found',
      expected: 'one of model.gguf',
    });
  });

  it.skipIf(process.platform !== 'linux')('a cache where no folder can be made', async () => {
    const cacheDir = '/proc/self/fd/trivium';
    const pull = models({ cacheDir }).pull('hf:org/repo');
    await expect(pull).rejects.toMatchObject({ code: 'io', message: expect.stringContaining('No folder') });
  });

  it('a hub that nobody answers for', async () => {
    const gone = models();
    await hub.stop();
    await expect(gone.pull('hf:org/repo')).rejects.toMatchObject({
      code: 'network',
      found: 'ECONNREFUSED',
    });
    expect(() => new ModelHub({ endpoint: 'nonsense' })).toThrow('no http address');
  });

  it('a token that is none, an address with a user: neither is told', async () => {
    const told = async (given: object) => {
      const failure: TriviumError = await (async () => models(given).pull('hf:org/repo'))().catch(
        (error) => error,
      );
      return { ...failure.toJSON(), text: String(failure) };
    };
    const settings = [{ token: 'hf_s3cret\nx: y' }, { token: 'hf_s3crét' }];
    const endpoints = ['bob:s3cret@hub.test', 'ftp://bob:s3/cret@hub.test', 'https://bob:s3/cret@hub.test'];
    for (const given of [...settings, ...endpoints.map((endpoint) => ({ endpoint }))]) {
      const failure = await told(given);
      expect(failure).toMatchObject({ code: 'invalid-argument', field: Object.keys(given)[0] });
      expect(JSON.stringify(failure)).not.toMatch(/s3|cret/);
    }
    expect(hub.requests).toEqual([]);
    const gone = models({ endpoint: hub.endpoint.replace('//', '//bob:s3cret@') });
    await hub.stop();
    const failure = await gone.pull('hf:org/repo').catch((error) => error);
    expect(failure).toMatchObject({ code: 'network', found: 'ECONNREFUSED' });
    expect(inspect(failure, { depth: 5 })).not.toContain('s3cret');
  });

  it('a token that is none matters where it is sent alone: not to caches, nor to a hub with a user', async () => {
    const token = 'hf_s3crét';
    const endpoint = hub.endpoint.replace('//', '//bob:s3cret@');
    const { path } = await models({ endpoint, token }).pull('hf:org/repo');
    for (const offline of [true, false])
      expect(await models({ token, offline }).resolve('hf:org/repo')).toBe(path);
  });

  it('a connection that broke without a code: its message is not told', () => {
    const error = new TypeError('Bearer s3cret', { cause: new Error('https://bob:s3cret@hub.test') });
    const { failure } = brokenConnection('https://hub.test', 'org/repo', error);
    expect(JSON.stringify(failure)).not.toContain('s3cret');
  });

  it('a listing that leads to another host, and a redirect to where nobody should follow', async () => {
    hub.evilNext = 'http://localhost:1/api/models/org/repo/tree/main';
    await expect(models({ token: 'secret' }).pull('hf:org/repo')).rejects.toMatchObject({
      code: 'network',
      field: 'link',
    });
    hub.evilNext = undefined;
    hub.evilRedirect = 'file:///etc/passwd';
    await expect(models().pull('hf:org/repo')).rejects.toMatchObject({ code: 'network', field: 'location' });
    hub.evilRedirect = `${hub.endpoint}/org/repo/resolve/main/model.gguf`;
    await expect(models().pull('hf:org/repo')).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('circles'),
    });
  });

  it('no network allowed: names the file and the command', async () => {
    await expect(models({ offline: true }).pull('hf:org/repo')).rejects.toMatchObject({
      code: 'offline',
      remedy: expect.stringContaining('trivium pull hf:org/repo'),
    });
    expect(hub.requests).toEqual([]);
    await models().pull('hf:org/repo');
    expect(await checksum(await models({ offline: true }).resolve('hf:org/repo'))).toBe(sha256(content));
  });

  it('no network allowed, by the environment', async () => {
    for (const variable of ['TRIVIUM_OFFLINE', 'HF_HUB_OFFLINE']) {
      process.env[variable] = '1';
      try {
        await expect(models({ offline: undefined }).pull('hf:org/repo')).rejects.toMatchObject({
          code: 'offline',
          message: expect.stringContaining(variable),
        });
      } finally {
        delete process.env[variable];
      }
    }
  });
});
