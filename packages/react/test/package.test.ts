// @vitest-environment node
/** What ends up in a page: nothing of the engine, no second React, hooks marked for the client and stores not. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const firstLine = (file: string) => readFileSync(`${root}/dist/${file}`, 'utf8').split('\n', 1)[0];

/** The files that a page with `source` is made of, and its size in bytes, minified. */
async function bundle(source: string) {
  const { metafile, outputFiles } = await build({
    stdin: { contents: source, resolveDir: root, loader: 'tsx' },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['react', 'react/jsx-runtime', '@ai-sdk/react'],
    logLevel: 'silent',
  });
  return { inputs: Object.keys(metafile.inputs), bytes: outputFiles[0]?.contents.length ?? 0 };
}

describe('the bundle of a page', () => {
  it.each(['', '/stores', '/chat'])(
    'with @trivium/react%s has the protocol and nothing else of ours',
    async (entry) => {
      const { inputs } = await bundle(`export * from "@trivium/react${entry}"`);
      const libraries = new Set(
        inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
      );
      const ours = inputs.filter((path) => !path.includes('node_modules') && path !== '<stdin>');
      expect([...libraries].sort()).toEqual(['eventsource-parser', 'zod']);
      expect(ours).toContain('../protocol/dist/index.js');
      expect(ours.filter((path) => !/^(\.\.\/protocol\/)?dist\//.test(path))).toEqual([]);
    },
  );

  it('is small: what is ours, the protocol, its contracts and zod together', async () => {
    const { bytes } = await bundle(`export { useCapability } from '@trivium/react'`);
    expect(bytes).toBeLessThan(160_000);
  });
});

describe('the built files', () => {
  it('say "use client" where hooks are, and not where stores are', () => {
    expect(firstLine('index.js')).toBe('"use client";');
    expect(firstLine('chat.js')).toBe('"use client";');
    expect(firstLine('stores.js')).not.toContain('use client');
  });

  it('keep stores free of React', () => {
    const stores = readFileSync(`${root}/dist/stores.js`, 'utf8');
    const chunks = [...stores.matchAll(/from "\.\/(chunk-\w+\.js)"/g)].map(([, name]) => name as string);
    expect(chunks.length).toBeGreaterThan(0);
    for (const name of chunks)
      expect(readFileSync(`${root}/dist/${name}`, 'utf8')).not.toMatch(/from "react/);
  });
});
