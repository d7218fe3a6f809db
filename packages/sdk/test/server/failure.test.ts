/** What callers are told of paths: relative to the root, and nothing else changed. */
import { TriviumError } from '@trivium/protocol';
import { expect, it } from 'vitest';
import { failureOf } from '../../src/server/failure.js';
import { testServer } from './fixtures.js';

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
