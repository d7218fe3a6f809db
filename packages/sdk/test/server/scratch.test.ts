/** Scratch folders: documents of callers, put where any call can name them; hostile ones refused; nothing left behind. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { ScratchFolders } from '../../src/server/scratch/scratch-folders.js';
import { documentsFolder, type TestServer, temporaryFolder, testServer } from './fixtures.js';

const servers: TestServer[] = [];
const serve = async (settings: Parameters<typeof testServer>[0] = {}) => {
  const made = await testServer(settings);
  servers.push(made);
  return made;
};
afterAll(async () => {
  for (const one of servers) await one[Symbol.asyncDispose]();
});

const octets = { 'content-type': 'application/octet-stream' };
const put = ({ get }: TestServer, id: string, name: string, body: string | Uint8Array, headers = octets) =>
  get(`/v1/scratch/${id}/${encodeURIComponent(name)}`, { method: 'PUT', body: body as string, headers });
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: Record<string, unknown> }).error;

async function withFolder(settings: Parameters<typeof testServer>[0] = {}) {
  const server = await serve(settings);
  const response = await server.post('/v1/scratch', {});
  expect(response.status).toBe(201);
  return { server, ...((await response.json()) as { id: string; path: string }) };
}

describe('a scratch folder', () => {
  it('takes a document that calls then name, and hands out its text', async () => {
    const { server, id } = await withFolder();
    const text = '# 绿茶\n\nWhite tea is steeped for five minutes.\n';
    const response = await put(server, id, '茶 notes.md', text);
    expect(response.status).toBe(201);
    const { path, bytes } = (await response.json()) as { path: string; bytes: number };
    expect(bytes).toBe(Buffer.byteLength(text));
    const question = { paths: [path], question: 'How long is white tea steeped?' };
    const asked = await server.post('/v1/capabilities/documents/ask', question);
    expect(await asked.json()).toMatchObject({ citations: [{ path }] });
    const whole = await server.post('/v1/capabilities/documents/documents-text', { path });
    expect(await whole.json()).toMatchObject({ path, text, line: 1, characters: text.length });
    const [start, end] = [text.indexOf('White'), text.indexOf(' is')];
    const part = await server.post('/v1/capabilities/documents/documents-text', { path, start, end });
    expect(await part.json()).toMatchObject({ text: 'White tea', line: 3 });
  });

  it('is no part of the root for those who read all of it', async () => {
    const { server, id } = await withFolder();
    await put(server, id, 'mine.md', 'Only mine.');
    const listed = await server.post('/v1/capabilities/documents/documents-list', {});
    const { documents } = (await listed.json()) as { documents: { path: string }[] };
    expect(documents.map(({ path }) => path)).toEqual(['coffee.md', 'tea.md']);
  });

  it('is named by who knows its id, and found by nobody', async () => {
    const { server, id, path } = await withFolder();
    await put(server, id, 'mine.md', 'Only mine.');
    const list = (...paths: string[]) => server.post('/v1/capabilities/documents/documents-list', { paths });
    const mine = expect.stringContaining(`${path}/mine.md`);
    for (const own of [path, `${path}/mine.md`, `${path}/*.md`])
      expect(await (await list(own)).json()).toMatchObject({ documents: [{ path: mine }] });
    const [, , own] = path.split('/');
    const others = [
      '.trivium',
      '.trivium/scratch',
      `.trivium/scratch/${own}`,
      `.trivium/scratch/${own}/owner.json`,
      `.trivium/scratch/${own}/*/*.md`,
      `${path}/../*/*.md`,
      `${path}/{x/,../*}/*.md`,
      'docs/../.trivium/scratch',
      '**/.trivium/**/*.md',
      '.triv*/**/*.md',
      '.TRIVIUM/scratch/*/*/*.md',
      '[.]trivium/scratch/*/*/*.md',
      '[^a]*/scratch/*/*/*.md',
      '@(.trivium)/scratch/*/*/*.md',
      '!(a)/scratch/*/*/*.md',
      '{*,a}/scratch/*/*/*.md',
      '{,a}*/scratch/*/*/*.md',
      '{.trivium/scratch,a}/*/*/*.md',
      '{a,.triv}{ium/scratch,b}/*/*/*.md',
      `${server.root}/.trivium/scratch`,
    ];
    for (const other of others) {
      const response = await list('tea.md', other);
      expect([other, response.status]).toEqual([other, 403]);
      const text = await response.text();
      expect(JSON.parse(text).error).toMatchObject({ code: 'outside-root', param: 'paths' });
      expect(text).not.toContain(server.root);
    }
    const text = { path: `.trivium/scratch/${own}/owner.json` };
    expect((await server.post('/v1/capabilities/documents/documents-text', text)).status).toBe(403);
    const parts = [{ type: 'text', text: 'Whose?' }];
    const chat = { id: 'a', messages: [{ id: 'm', role: 'user', parts }] };
    const paths = ['.trivium/scratch'];
    expect((await server.post('/api/chat', { ...chat, documents: { paths } })).status).toBe(403);
    await server.get(`/v1/scratch/${id}`, { method: 'DELETE' });
    expect((await list(path)).status).toBe(404);
  });

  it('hides no names and globs that are like its own', async () => {
    const server = await serve();
    const folders = ['[...page]', '(group)', '.trivia', 'a/.trivium'];
    for (const folder of folders) {
      await mkdir(join(server.root, folder), { recursive: true });
      await writeFile(join(server.root, folder, 'x.md'), 'x');
    }
    const found = async (path: string) => {
      const response = await server.post('/v1/capabilities/documents/documents-list', { paths: [path] });
      const { documents } = (await response.json()) as { documents?: { path: string }[] };
      return documents?.map(({ path }) => basename(path));
    };
    for (const folder of folders) expect(await found(`${folder}/x.md`)).toEqual(['x.md']);
    for (const glob of ['*.{md,txt}', '{tea,coffee}.md', '*{.md,.txt}', '[a-z]*.md', '**/{coffee,tea}*.md'])
      expect(await found(glob)).toEqual(['coffee.md', 'tea.md']);
    expect(await found('a/.trivium/*.md')).toEqual(['x.md']);
  });

  it('keeps nothing of what could not be put', async () => {
    const root = await documentsFolder();
    await using folders = new ScratchFolders(root);
    const { id, path } = await folders.create();
    // A file does not replace a folder.
    await mkdir(join(root, path, 'a.txt'));
    await expect(folders.put(id, 'a.txt', Buffer.from('1'))).rejects.toMatchObject({ code: 'io' });
    expect(await readdir(join(root, path))).toEqual(['a.txt']);
  });

  it('goes when it is removed, and with its server', async () => {
    const root = await documentsFolder();
    const { server, id, path } = await withFolder({ root });
    await put(server, id, 'a.txt', 'one');
    const other = (await (await server.post('/v1/scratch', {})).json()) as { path: string };
    expect((await server.get(`/v1/scratch/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(existsSync(join(root, path))).toBe(false);
    expect((await put(server, id, 'a.txt', 'one')).status).toBe(404);
    expect(existsSync(join(root, other.path))).toBe(true);
    await server.handler[Symbol.asyncDispose]();
    expect(existsSync(join(root, '.trivium'))).toBe(false);
  });

  it('of a server that was killed goes when another one makes its first', async () => {
    const root = await documentsFolder();
    const orphan = join(root, '.trivium/scratch/00112233445566aa');
    await mkdir(orphan, { recursive: true });
    const { hostname } = await import('node:os');
    await writeFile(join(orphan, 'owner.json'), JSON.stringify({ host: hostname(), pid: 2 ** 22 + 1 }));
    const alive = new ScratchFolders(root);
    const { path } = await alive.create();
    expect(existsSync(orphan)).toBe(false);
    await using other = new ScratchFolders(root);
    await other.create();
    expect(existsSync(join(root, path))).toBe(true);
    await alive[Symbol.asyncDispose]();
    expect(await readdir(join(root, '.trivium/scratch'))).toHaveLength(1);
  });

  it('of a server elsewhere goes once nobody has touched it for long, for it may only sleep', async () => {
    const root = await documentsFolder();
    const orphan = join(root, '.trivium/scratch/00112233445566aa');
    await mkdir(orphan, { recursive: true });
    const owner = join(orphan, 'owner.json');
    await writeFile(owner, JSON.stringify({ host: '3f2a9c01be77', pid: 7 }));
    await using folders = new ScratchFolders(root);
    await folders.create();
    expect(existsSync(orphan)).toBe(true);
    await utimes(owner, new Date(0), new Date(0));
    await folders.create();
    expect(existsSync(orphan)).toBe(false);
  });

  it('is made anew where another server took this one for gone, for it had slept', async () => {
    const root = await documentsFolder();
    await using folders = new ScratchFolders(root);
    const { id } = await folders.create();
    await rm(join(root, '.trivium/scratch'), { recursive: true });
    const made = await Promise.all([folders.create(), folders.create()]);
    for (const { id, path } of made) {
      await folders.put(id, 'a.txt', Buffer.from('1'));
      expect(existsSync(join(root, path, 'a.txt'))).toBe(true);
    }
    expect(await readdir(join(root, '.trivium/scratch'))).toHaveLength(1);
    await expect(folders.put(id, 'a.txt', Buffer.from('1'))).rejects.toMatchObject({
      code: 'not-found',
      field: 'id',
    });
  });

  it('is bounded in files, bytes and number; what is old makes room', async () => {
    await using folders = new ScratchFolders(await documentsFolder(), {
      maxBytes: 10,
      maxFolders: 1,
      maxFilesPerFolder: 2,
    });
    const { id } = await folders.create();
    await expect(folders.create()).rejects.toMatchObject({ code: 'busy' });
    await folders.put(id, 'a.txt', Buffer.from('12345678'));
    await expect(folders.put(id, 'b.txt', Buffer.from('123'))).rejects.toMatchObject({ code: 'too-large' });
    await folders.put(id, 'a.txt', Buffer.from('1'));
    await folders.put(id, 'b.txt', Buffer.from('123'));
    await expect(folders.put(id, 'c.txt', Buffer.from('1'))).rejects.toMatchObject({ code: 'too-large' });
    await using forgetful = new ScratchFolders(await documentsFolder(), { maxFolders: 1, keepMs: -1 });
    const old = await forgetful.create();
    await forgetful.create();
    await expect(forgetful.put(old.id, 'a.txt', Buffer.from('1'))).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

describe('what is refused', () => {
  it.each([
    '../tea.md',
    '..',
    '/etc/passwd',
    '..\\..\\x.md',
    'a/b.md',
    'C:x.md',
    '.hidden',
    'x.md.',
    'x\u0000.md',
    'x\ny.md',
    '字'.repeat(70),
  ])('the name %j', async (name) => {
    const { server, id } = await withFolder();
    const response = await put(server, id, name, 'text');
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    const folder = await readdir(join(server.root, '.trivium/scratch'));
    expect(await readdir(join(server.root, '.trivium/scratch', folder[0]!, id))).toEqual([]);
  });

  it.each([
    ['a picture', 'photo.png', 'text', 'binary format'],
    ['a program that says it is text', 'a.txt', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 1]), 'a program'],
    ['zero bytes', 'a.md', Uint8Array.from([65, 0, 66]), 'zero bytes'],
    ['a PDF that is none', 'a.pdf', 'text', '%PDF'],
  ])('%s', async (_, name, body, word) => {
    const { server, id } = await withFolder();
    const response = await put(server, id, name, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(word),
      remedy: expect.any(String),
    });
  });

  it('more bytes than the server takes', async () => {
    const { server, id } = await withFolder({ maxBodyBytes: 100 });
    const response = await put(server, id, 'a.txt', 'x'.repeat(101));
    expect(response.status).toBe(413);
    expect(await errorOf(response)).toMatchObject({ code: 'too-large' });
  });

  it('what pages may send without asking', async () => {
    const { server, id } = await withFolder();
    const response = await put(server, id, 'a.txt', 'x', { 'content-type': 'text/plain' });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param: 'content-type' });
    const elsewhere = { ...octets, origin: 'https://evil.example' };
    expect((await put(server, id, 'a.txt', 'x', elsewhere)).status).toBe(403);
  });

  it('callers without a key, ids that are none, and everybody where nothing is written', async () => {
    const locked = await serve({ apiKeys: ['secret'] });
    expect((await locked.post('/v1/scratch', {})).status).toBe(401);
    const { server } = await withFolder();
    expect((await put(server, 'x', 'a.txt', 'x')).status).toBe(400);
    expect((await put(server, '0'.repeat(32), 'a.txt', 'x')).status).toBe(404);
    const readOnly = await serve({ readOnly: true });
    expect((await readOnly.post('/v1/scratch', {})).status).toBe(404);
  });

  it('a root whose scratch folder is a link that leads out', async () => {
    const root = await documentsFolder();
    const outside = await temporaryFolder();
    await symlink(outside, join(root, '.trivium'));
    const server = await serve({ root });
    const response = await server.post('/v1/scratch', {});
    expect(response.status).toBe(403);
    expect(await errorOf(response)).toMatchObject({ code: 'outside-root' });
    // An empty folder may have been made there; no document was.
    expect(await readdir(join(outside, 'scratch')).catch(() => [])).toEqual([]);
  });
});

describe('the text of a document', () => {
  it('stays inside the root, and says what a wrong range is', async () => {
    const server = await serve();
    const text = (input: object) => server.post('/v1/capabilities/documents/documents-text', input);
    expect((await text({ path: '../secret.md' })).status).toBe(403);
    expect((await text({ path: 'none.md' })).status).toBe(404);
    expect(await errorOf(await text({ path: 'tea.md', start: 9, end: 8 }))).toMatchObject({ param: 'start' });
    expect(await errorOf(await text({ path: 'tea.md', start: 1e6 }))).toMatchObject({ param: 'start' });
    expect(await (await text({ path: 'tea.md', start: 2, end: 1e6 })).json()).toMatchObject({ end: 63 });
    await writeFile(join(server.root, 'picture.png'), 'x');
    expect(await errorOf(await text({ path: 'picture.png' }))).toMatchObject({ code: 'unsupported' });
  });
});

describe('a mounted handler', () => {
  it('stands behind the gate, with a key or open', async () => {
    const seen: string[] = [];
    const mount = (path: `/${string}`, isOpen: boolean) => ({
      path,
      isOpen,
      fetch: (request: Request) => {
        seen.push(`${request.method} ${new URL(request.url).pathname}`);
        return new Response('mounted');
      },
    });
    const { get, handler } = await serve({
      apiKeys: ['secret'],
      mounts: [mount('/other', false), mount('/page', true)],
      allowedHosts: ['localhost'],
    });
    expect((await get('/other')).status).toBe(401);
    expect((await get('/other', { headers: { authorization: 'Bearer secret' } })).status).toBe(200);
    const page = await get('/page/a/b.js', { method: 'POST', body: 'x' });
    expect(await page.text()).toBe('mounted');
    expect(page.headers.get('x-request-id')).toBeTruthy();
    expect((await get('/page', { headers: { host: 'evil.example' } })).status).toBe(403);
    expect((await get('/page', { headers: { origin: 'https://evil.example' } })).status).toBe(403);
    expect((await get('/pages')).status).toBe(404);
    handler.stop();
    expect((await get('/page')).status).toBe(503);
    expect(seen).toEqual(['GET /other', 'POST /page/a/b.js']);
  });
});

describe('/metrics', () => {
  it('tells what the engine holds and has done', async () => {
    const server = await serve();
    await server.post('/v1/capabilities/models/generate', { model: 'nano', prompt: 'Tea', maxTokens: 5 });
    const text = await (await server.get('/metrics')).text();
    expect(text).toMatch(/^trivium_engine_bytes\{kind="weights"\} [1-9]\d+$/m);
    expect(text).toMatch(/^trivium_engine_tokens_total\{kind="decode"\} [1-9]\d*$/m);
  });
});

it('folders that are a day old go once, however many are made at once', async () => {
  const root = await documentsFolder();
  await using folders = new ScratchFolders(root);
  const old = [await folders.create(), await folders.create()];
  const nextDay = Date.now() + 25 * 3_600_000;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => nextDay);
  const made = await Promise.all([folders.create(), folders.create(), folders.create()]);
  clock.mockRestore();
  for (const { path } of made) expect(existsSync(join(root, path))).toBe(true);
  for (const { path } of old) expect(existsSync(join(root, path))).toBe(false);
});
