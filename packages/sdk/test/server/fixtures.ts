/** Hosts, handlers and requests of the server's tests: scripted models, folders of their own, no port. */
import { mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Host } from '../../src/host/index.js';
import { createHandler, type Handler, type HandlerSettings } from '../../src/server/index.js';
import { scriptedModel } from '../../src/testing/index.js';

export interface TestServer extends AsyncDisposable {
  handler: Handler;
  host: Host;
  root: string;
  get(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
}

/** A folder with two documents. */
export async function documentsFolder(): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'trivium-server-')));
  await writeFile(join(root, 'tea.md'), '# Tea\n\nGreen tea is steeped for two minutes at eighty degrees.\n');
  await writeFile(
    join(root, 'coffee.md'),
    '# Coffee\n\nEspresso is pressed at nine bar for half a minute.\n',
  );
  return root;
}

export const temporaryFolder = async () => realpath(await mkdtemp(join(tmpdir(), 'trivium-server-cache-')));

/** A server over a model that answers `The answer is 42.`, unless the settings say otherwise. */
export async function testServer(settings: Partial<HandlerSettings> = {}): Promise<TestServer> {
  const root = settings.root ?? (await documentsFolder());
  const host = settings.host ?? new Host({ cacheDir: await temporaryFolder(), hub: { offline: true } });
  const handler = createHandler({
    host,
    model: 'scripted',
    models: { scripted: scriptedModel(['The answer is 42.']) },
    ...settings,
    root,
  });
  const send = (path: string, init?: RequestInit) =>
    handler.fetch(new Request(`http://localhost:7474${path}`, init));
  return {
    handler,
    host,
    root,
    get: send,
    post: (path, body, init = {}) =>
      send(path, {
        ...init,
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
      }),
    async [Symbol.asyncDispose]() {
      await handler[Symbol.asyncDispose]();
      if (!settings.host) await host[Symbol.asyncDispose]();
    },
  };
}

/** The data of a stream's events, `[DONE]` included. */
export async function eventData(response: Response): Promise<string[]> {
  const text = await response.text();
  return text.split('\n\n').flatMap((event) => {
    const data = event.split('\n').find((line) => line.startsWith('data: '));
    return data === undefined ? [] : [data.slice('data: '.length)];
  });
}

/** Waits until something holds, for what has no event of its own. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}
