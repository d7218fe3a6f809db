/** The page of the example, bundled and served on an origin of its own, in Debian's Chromium. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright';

const { TRIVIUM_CHROMIUM: named, PATH = '' } = process.env;
const places =
  named === undefined ? PATH.split(delimiter).map((folder) => join(folder, 'chromium')) : [named];
const executablePath = places.find((place) => existsSync(place));

/** Empty where there is a browser; otherwise why the tests skip. */
export const noBrowser = executablePath ? '' : ' (skipped: no chromium, run scripts/setup-browser.sh)';

/** The origin that a server must allow. */
export async function servePage() {
  const bundled = await build({
    entryPoints: [fileURLToPath(new URL('../page/page.tsx', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const script = bundled.outputFiles[0]!.text;
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html; charset=utf-8' });
    response.end(
      isScript ? script : '<!doctype html><title>Words</title><script type="module" src="/page.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

export async function openPage(url: string) {
  const browser = await chromium.launch({
    executablePath: executablePath!,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  const page = await browser.newPage();
  await page.goto(url);
  return { page, close: () => browser.close() };
}
