/**
 * How the tests of this package run: in happy-dom as written, in happy-dom as the React Compiler makes of it, and in
 * Debian's Chromium. Where there is no Chromium its tests are there too, and skip with a reason.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformAsync } from '@babel/core';
import { playwright } from '@vitest/browser-playwright';
import compile from 'babel-plugin-react-compiler';
import type { Plugin } from 'vite';
import type { TestProjectInlineConfiguration } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Chromium as `TRIVIUM_CHROMIUM` or the path has it; `undefined` where there is none, or where that names no file. */
export function findChromium(): string | undefined {
  const { TRIVIUM_CHROMIUM: named, PATH = '' } = process.env;
  const onPath = PATH.split(delimiter).flatMap((folder) =>
    ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)),
  );
  return (named === undefined ? onPath : [named]).find((path) => existsSync(path));
}

/** What an application's build does that has the React Compiler on: every component and hook of this package memoized. */
const reactCompiler: Plugin = {
  name: 'react-compiler',
  enforce: 'pre',
  transform: async (code, id) => {
    const [file = ''] = id.split('?');
    if (!file.startsWith(join(root, 'src')) || !/\.tsx?$/.test(file)) return undefined;
    const compiled = await transformAsync(code, {
      filename: file,
      babelrc: false,
      configFile: false,
      sourceMaps: true,
      parserOpts: { plugins: ['typescript', 'jsx'] },
      plugins: [[compile, { panicThreshold: 'all_errors' }]],
    });
    return compiled?.code ? { code: compiled.code, map: compiled.map as never } : undefined;
  },
};

type Shared = NonNullable<TestProjectInlineConfiguration['test']>;

export function reactProjects(shared: Shared): TestProjectInlineConfiguration[] {
  const inDom: Shared = {
    ...shared,
    environment: 'happy-dom',
    include: ['test/*.test.{ts,tsx}'],
    setupFiles: [join(root, 'test/set-up-dom.ts')],
  };
  const chromium = findChromium();
  const inBrowser: Shared = {
    ...shared,
    name: 'react-browser',
    include: ['test/browser/*.test.tsx'],
    globalSetup: [join(root, 'test/browser/serve.ts')],
  };
  return [
    { root, test: { ...inDom, name: 'react' } },
    {
      root,
      plugins: [reactCompiler],
      test: { ...inDom, name: 'react-compiler', exclude: ['test/package.test.ts', 'test/readme.test.ts'] },
    },
    {
      root,
      // Found by the first test instead, they would reload the page under it.
      optimizeDeps: {
        include: ['react', 'react-dom/client', 'react/jsx-dev-runtime', '@ai-sdk/react', 'axe-core'],
      },
      test: chromium
        ? {
            ...inBrowser,
            browser: {
              enabled: true,
              headless: true,
              screenshotFailures: false,
              provider: playwright({
                launchOptions: {
                  executablePath: chromium,
                  args: ['--no-sandbox', '--disable-dev-shm-usage'],
                },
              }),
              instances: [{ browser: 'chromium' }],
            },
          }
        : inBrowser,
    },
  ];
}
