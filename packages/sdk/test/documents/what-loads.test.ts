/** What the built thread of documents loads before it reads anything: each module is time that every reading pays. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const sdk = new URL('../../dist/', import.meta.url);
const native = new URL('../../../native/dist/', import.meta.url);

/** The packages that a built module and those beside it import, whether it runs that code or not. */
function packagesOf(module: URL, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(module.href)) return packages;
  seen.add(module.href);
  const code = readFileSync(fileURLToPath(module), 'utf8');
  for (const [, name] of code.matchAll(/^(?:import|\} from|export .* from) ?(?:.* from )?"([^"]+)";$/gm)) {
    if (!name!.startsWith('.')) packages.add(name!);
    else for (const inner of packagesOf(new URL(name!, module), seen)) packages.add(inner);
  }
  return packages;
}

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
