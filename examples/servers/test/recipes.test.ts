/** The recipes of Next and Vite pass on what a server takes and hooks need: each method, and each path. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Host } from '@trivium/sdk';
import { createHandler } from '@trivium/sdk/server';
import { expect, it } from 'vitest';

const example = (file: string) =>
  readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');

it('a route of Next exports every method that a server has, and what browsers ask before', async () => {
  await using handler = createHandler({ host: new Host() });
  const response = await handler.fetch(new Request('http://127.0.0.1/openapi.json'));
  const { paths } = (await response.json()) as { paths: Record<string, object> };
  const methods = new Set(Object.values(paths).flatMap((path) => Object.keys(path)));
  const exported = example('next-app/app/ai/[...path]/route.ts').matchAll(/export const ([A-Z]+) =/g);
  expect([...exported].map(([, name]) => name).sort()).toEqual(
    [...methods, 'options'].map((method) => method.toUpperCase()).sort(),
  );
});

it('a page of Vite reaches capabilities and chat', () => {
  const proxied = [...example('vite-page/vite.config.js').matchAll(/'(\/\w+)':/g)].map(([, path]) => path);
  expect(proxied).toEqual(['/v1', '/api']);
});
