/** Uploads as a store, over a server that keeps folders as the real one does; the real one is met in the playground's tests. */
import { describe, expect, it, vi } from 'vitest';
import { createEndpointHandle } from '../src/stores/endpoint-handle.js';
import { createUploadsStore, type UploadSource } from '../src/stores/index.js';

const file = (name: string, text = 'text'): UploadSource => Object.assign(new Blob([text]), { name });

/** Folders by id with the names that were put into them; `refuse` names what is no document. */
function server({ refuse = '' } = {}) {
  const folders = new Map<string, string[]>();
  const gates: Promise<void>[] = [];
  const problem = (status: number, code: string) =>
    Response.json({ error: { message: code, code, remedy: 'Convert it.' } }, { status });
  return {
    folders,
    /** Files are answered when this resolves. */
    hold: (until: Promise<void>) => gates.push(until),
    fetch: (async (url: string, { method, signal }: RequestInit) => {
      const [, , , id = '', name = ''] = new URL(url, 'http://x').pathname.split('/').map(decodeURIComponent);
      if (method === 'POST') {
        const made = `f${folders.size}`;
        folders.set(made, []);
        return Response.json({ id: made, path: `.trivium/scratch/${made}` }, { status: 201 });
      }
      await Promise.all(gates);
      signal?.throwIfAborted();
      const names = folders.get(id);
      if (!names) return problem(404, 'not-found');
      if (method === 'DELETE') {
        folders.delete(id);
        return new Response(null, { status: 204 });
      }
      if (name === refuse) return problem(400, 'unsupported');
      names.push(name);
      return Response.json({ path: `.trivium/scratch/${id}/${name}`, bytes: 4 }, { status: 201 });
    }) as typeof fetch,
  };
}

describe('an uploads store', () => {
  it('sends documents into one folder, and tells what becomes of each', async () => {
    const wire = server({ refuse: 'photo.png' });
    const store = createUploadsStore({ baseUrl: '', fetch: wire.fetch });
    const adding = store.add([file('a.md'), file('茶.md'), file('photo.png')]);
    expect(store.getSnapshot().uploads.map(({ status }) => status)).toEqual([
      'sending',
      'sending',
      'sending',
    ]);
    expect(await adding).toEqual(['.trivium/scratch/f0/a.md', '.trivium/scratch/f0/茶.md']);
    expect([...wire.folders.values()]).toEqual([['a.md', '茶.md']]);
    expect(store.getSnapshot().uploads).toMatchObject([
      { name: 'a.md', status: 'ready', bytes: 4 },
      { name: '茶.md', status: 'ready' },
      { name: 'photo.png', status: 'error', error: { code: 'unsupported', remedy: 'Convert it.' } },
    ]);
    expect(store.getServerSnapshot().uploads).toEqual([]);
  });

  it('makes another folder where the server forgot the first, and says what went with that', async () => {
    const wire = server();
    const store = createUploadsStore({ baseUrl: '', fetch: wire.fetch });
    await store.add([file('a.md')]);
    wire.folders.delete('f0');
    wire.folders.set('other', []);
    const sent = await store.add([file('b.md'), file('c.md')]);
    expect(sent).toEqual(['.trivium/scratch/f1/b.md', '.trivium/scratch/f1/c.md']);
    expect(store.getSnapshot().uploads).toMatchObject([
      {
        name: 'a.md',
        status: 'error',
        path: undefined,
        error: { code: 'not-found', remedy: 'Add it again.' },
      },
      { name: 'b.md', status: 'ready' },
      { name: 'c.md', status: 'ready' },
    ]);
  });

  it('asks once for a folder that cannot be made, and again with the next document', async () => {
    const wire = server();
    let [asked, isUp] = [0, false];
    const fetch: typeof globalThis.fetch = async (url, init) => {
      asked += 1;
      return isUp
        ? wire.fetch(url, init)
        : Response.json({ error: { code: 'not-found', message: 'No.' } }, { status: 404 });
    };
    const store = createUploadsStore({ baseUrl: '', fetch });
    expect(await store.add([file('a.md')])).toEqual([]);
    expect(store.getSnapshot().uploads).toMatchObject([{ status: 'error', error: { code: 'not-found' } }]);
    expect(asked).toBe(1);
    isUp = true;
    expect(await store.add([file('a.md')])).toEqual(['.trivium/scratch/f0/a.md']);
  });

  it('is told that the server began anew, and gives out no folder of before', async () => {
    const wire = server();
    const store = createUploadsStore({ baseUrl: '', fetch: wire.fetch });
    await store.add([file('a.md')]);
    store.abandon();
    expect(store.getSnapshot().uploads).toMatchObject([{ name: 'a.md', status: 'error', path: undefined }]);
    expect((await store.folder()).id).toBe('f1');
    expect(await store.add([file('a.md')])).toEqual(['.trivium/scratch/f1/a.md']);
  });

  it('forgets one while it is sent, and all with their folder', async () => {
    const wire = server();
    const store = createUploadsStore({ baseUrl: '', fetch: wire.fetch });
    await store.add([file('kept.md')]);
    let go = () => {};
    wire.hold(new Promise<void>((resolve) => (go = resolve)));
    const adding = store.add([file('gone.md')]);
    store.forget('gone.md');
    go();
    expect(await adding).toEqual([]);
    expect(store.getSnapshot().uploads.map(({ name }) => name)).toEqual(['kept.md']);
    await store.clear();
    expect(store.getSnapshot().uploads).toEqual([]);
    expect(wire.folders.size).toBe(0);
  });
});

describe('an uploads store whose endpoint becomes another server', () => {
  function twoServers() {
    const one = server();
    const two = server();
    const asked: string[] = [];
    const at = (host: string, { fetch }: { fetch: typeof globalThis.fetch }, key: string) => ({
      baseUrl: `http://${host}`,
      headers: { authorization: key },
      fetch: (async (url: string, init: RequestInit) => {
        const { authorization } = init.headers as Record<string, string>;
        asked.push(`${init.method} ${new URL(url).host}${new URL(url).pathname} ${authorization}`);
        return fetch(url, init);
      }) as typeof globalThis.fetch,
    });
    const handle = createEndpointHandle(at('one', one, 'key'));
    const store = createUploadsStore(handle);
    const become = (endpoint: ReturnType<typeof at>) => {
      handle.become(endpoint);
      handle.announce();
    };
    return { one, two, asked, at, handle, store, become };
  }

  it('says that what was sent is not there, sends to the new one, and removes each folder where it is', async () => {
    const { one, two, asked, at, store, become } = twoServers();
    store.attach();
    await store.add([file('a.md')]);
    become(at('one', one, 'newer key'));
    expect(store.getSnapshot().uploads).toMatchObject([{ name: 'a.md', status: 'ready' }]);
    become(at('two', two, 'key of two'));
    expect(store.getSnapshot().uploads).toMatchObject([
      {
        name: 'a.md',
        status: 'error',
        path: undefined,
        error: { code: 'not-found', message: 'a.md is on another server.', remedy: 'Add it again.' },
      },
    ]);
    await store.add([file('b.md')]);
    await store.clear();
    expect([one.folders.size, two.folders.size]).toEqual([0, 0]);
    expect(asked).toEqual([
      'POST one/v1/scratch key',
      'PUT one/v1/scratch/f0/a.md key',
      'POST two/v1/scratch key of two',
      'PUT two/v1/scratch/f0/b.md key of two',
      'DELETE one/v1/scratch/f0 newer key',
      'DELETE two/v1/scratch/f0 key of two',
    ]);
  });

  it('finds it out with the next look or action where nobody looked', async () => {
    const { two, at, handle, store } = twoServers();
    await store.add([file('a.md')]);
    handle.become(at('two', two, 'key of two'));
    store.attach();
    expect(store.getSnapshot().uploads).toMatchObject([{ name: 'a.md', status: 'error' }]);
    expect((await store.folder()).id).toBe('f0');
    expect(two.folders.size).toBe(1);
  });

  it('sends once more what was being sent to the one before', async () => {
    const { one, two, asked, at, store, become } = twoServers();
    let go = () => {};
    one.hold(new Promise<void>((resolve) => (go = resolve)));
    store.attach();
    const adding = store.add([file('a.md')]);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    become(at('two', two, 'key of two'));
    go();
    expect(await adding).toEqual(['.trivium/scratch/f0/a.md']);
    expect([...two.folders.values()]).toEqual([['a.md']]);
    expect(store.getSnapshot().uploads).toMatchObject([{ name: 'a.md', status: 'ready' }]);
  });

  it('sends nothing once more that was forgotten meanwhile', async () => {
    const { one, two, asked, at, store, become } = twoServers();
    let go = () => {};
    one.hold(new Promise<void>((resolve) => (go = resolve)));
    const adding = store.add([file('a.md')]);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    become(at('two', two, 'key of two'));
    const clearing = store.clear();
    go();
    expect(await adding).toEqual([]);
    await clearing;
    expect([one.folders.size, two.folders.size]).toEqual([0, 0]);
  });

  it('sends again what was being sent while it became another one and the first again', async () => {
    const { one, two, asked, at, store, become } = twoServers();
    let [go, goOn] = [() => {}, () => {}];
    one.hold(new Promise<void>((resolve) => (go = resolve)));
    two.hold(new Promise<void>((resolve) => (goOn = resolve)));
    store.attach();
    const adding = store.add([file('a.md')]);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    become(at('two', two, 'key of two'));
    go();
    await vi.waitFor(() => expect(asked).toHaveLength(4));
    become(at('one', one, 'key'));
    goOn();
    expect(await adding).toEqual(['.trivium/scratch/f1/a.md']);
    expect(one.folders.get('f1')).toEqual(['a.md']);
    expect(store.getSnapshot().uploads).toMatchObject([
      { name: 'a.md', status: 'ready', path: '.trivium/scratch/f1/a.md' },
    ]);
  });

  it('gives up where its folders go as they are made, on one server', async () => {
    const { one, asked, store } = twoServers();
    // None is kept.
    one.folders.set = () => one.folders;
    expect(await store.add([file('a.md')])).toEqual([]);
    expect(store.getSnapshot().uploads).toMatchObject([{ status: 'error', error: { code: 'not-found' } }]);
    expect(asked.filter((request) => request.startsWith('PUT'))).toHaveLength(2);
  });
});
