/** Uploads as a store, over a server that keeps folders as the real one does; the real one is met in the playground's tests. */
import { describe, expect, it } from 'vitest';
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
