/** What the built command loads before it knows what it is asked for: `trivium --version` is to answer at once. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { packagesOf } from '../../sdk/test/built-packages.js';

const index = new URL('../dist/index.js', import.meta.url);

test('the command loads no package before its first word is read', () => {
  expect([...packagesOf(index)].filter((name) => !name.startsWith('node:'))).toEqual([]);
});

test('and then the one that runs all others', () => {
  const [, later] = /import\("(\.\/[^"]+)"\)/.exec(readFileSync(index, 'utf8')) ?? [];
  const packages = packagesOf(new URL(later!, index));
  expect(packages).toContain('@trivium/sdk');
  expect(packages).toContain('zod');
});
