/** What the built thread of documents loads before it reads anything: each module is time that every reading pays. */
import { expect, test } from 'vitest';
import { packagesOf } from '../built-packages.js';

const sdk = new URL('../../dist/', import.meta.url);
const native = new URL('../../../native/dist/', import.meta.url);

test('the thread of documents loads errors of the protocol and no schemas, and no parser of HTML', () => {
  const packages = packagesOf(new URL('documents/worker.js', sdk));
  expect(packages).toContain('@trivium/protocol/errors');
  expect(packages).toContain('tinyglobby');
  expect([...packages].filter((name) => /^@trivium\/protocol$|zod|htmlparser2/.test(name))).toEqual([]);
});

test('nor does the engine load schemas', () => {
  const packages = packagesOf(new URL('index.js', native));
  expect(packages).toContain('@trivium/protocol/errors');
  expect([...packages].filter((name) => /^@trivium\/protocol$|zod/.test(name))).toEqual([]);
});
