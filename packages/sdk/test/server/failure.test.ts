/** What callers are told of paths: relative to the root, and nothing else changed. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import { expect, it } from 'vitest';
import { Host } from '../../src/host/index.js';
import { failureOf, systemCodeOf } from '../../src/server/failure.js';
import type { RequestLogEntry } from '../../src/server/index.js';
import { documentsFolder, testServer } from './fixtures.js';

it.each([
  ['/data', 'There is no file /data/a/b.md.', 'There is no file a/b.md.'],
  ['/data', 'Nothing is in /data.', 'Nothing is in ..'],
  ['/data', '"/data" and "/data/"', '"." and ""'],
  ['/data', '/database/x, /data-2/x, /data.old/x and /srv/data/x', undefined],
  ['/a+b (1)', 'no /a+b (1)/c.md', 'no c.md'],
  ['/', 'There is nothing at GET /v1/nope.', undefined],
])('of the root %s, %j', (root, message, told = message) => {
  const failure = failureOf(new TriviumError('not-found', message, { found: message }), root);
  expect(failure).toMatchObject({ message: told, found: told });
});

it.each([
  ['/data', '/elsewhere/models/a.gguf', 'a.gguf'],
  ['/data', '/data/b/a.gguf', 'b/a.gguf'],
  ['/data', '/data', '.'],
  ['/data', '/database/$&.gguf', '$&.gguf'],
  ['/data', 'b/a.gguf', 'b/a.gguf'],
  ['/', '/b/a.gguf', '/b/a.gguf'],
])('of a file seen from %s, %s', (root, file, told) => {
  const details = { file, expected: `${file} as it was`, found: `no ${file}` };
  const failure = failureOf(new TriviumError('corrupt', `The file ${file} ends too early.`, details), root);
  expect(failure).toMatchObject({
    message: `The file ${told} ends too early.`,
    file: told,
    expected: `${told} as it was`,
    found: `no ${told}`,
  });
});

it('a server over all of the disk tells paths as they are', async () => {
  await using server = await testServer({ root: '/' });
  const response = await server.get('/v1/nope');
  expect(await response.json()).toMatchObject({
    error: { message: 'There is nothing at GET /v1/nope.' },
  });
});

const thrownBy = (work: Promise<unknown>) => work.catch((error: unknown) => error);

it.skipIf(process.platform !== 'linux')('a full disk is said, and what can be done', async () => {
  const failure = failureOf(await thrownBy(writeFile('/dev/full', 'x')), '/data');
  expect(failure).toMatchObject({ code: 'io', message: 'The disk is full.', remedy: expect.any(String) });
  expect(systemCodeOf(failure)).toBe('ENOSPC');
});

it('what the file system refuses is told with names of files elsewhere alone', async () => {
  const root = await documentsFolder();
  const elsewhere = await documentsFolder();
  await mkdir(join(elsewhere, 'full/of'), { recursive: true });
  const folder = failureOf(await thrownBy(readFile(elsewhere)), root);
  const moved = failureOf(await thrownBy(rename(join(elsewhere, 'tea.md'), join(elsewhere, 'full'))), root);
  const gone = failureOf(await thrownBy(readFile(join(root, 'gone.md'))), root);
  expect([folder.code, moved.code, gone.code]).toEqual(['io', 'io', 'not-found']);
  expect(gone.message).toBe('There is no file gone.md.');
  for (const { message, file } of [folder, moved, gone]) {
    expect(`${message} ${file}`).not.toContain(elsewhere);
    expect(`${message} ${file}`).not.toContain(root);
  }
});

it('of a connection that fails nothing is told', async () => {
  const refused = await new Promise((resolve) => connect(1, '127.0.0.1').on('error', resolve));
  expect(failureOf(refused, '/data')).toMatchObject({ code: 'internal', message: 'The server failed.' });
});

it('a folder of jobs that cannot be made is an answer of its own, and the log says what the system said', async () => {
  const root = await documentsFolder();
  await using host = new Host({ cacheDir: join(root, 'tea.md'), hub: { offline: true } });
  const entries: RequestLogEntry[] = [];
  await using server = await testServer({ host, root, onRequest: (entry) => entries.push(entry) });
  const headers = { prefer: 'respond-async' };
  const response = await server.post('/v1/capabilities/documents/search', { query: 'tea' }, { headers });
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ error: { code: 'io' } });
  expect(entries).toMatchObject([{ code: 'io', systemCode: expect.stringMatching(/^E[A-Z]+$/) }]);
});
