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
  const failure = failureOf(new TriviumError('not-found', message, { file: message }), root);
  expect(failure).toMatchObject({ message: told, file: told });
});

it('a server over all of the disk tells paths as they are', async () => {
  await using server = await testServer({ root: '/' });
  const response = await server.get('/v1/nope');
  expect(await response.json()).toMatchObject({
    error: { message: 'There is nothing at GET /v1/nope.' },
  });
});
