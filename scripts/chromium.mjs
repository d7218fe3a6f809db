// The Chromium that scripts look at pages with: TRIVIUM_CHROMIUM, or the one on the path (scripts/setup-browser.sh).
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { root } from './workspace.mjs';

/** @returns its file, or undefined where there is none */
export function findChromium() {
  const { TRIVIUM_CHROMIUM: named, PATH = '' } = process.env;
  return (
    named ??
    PATH.split(delimiter)
      .map((folder) => join(folder, 'chromium'))
      .find(existsSync)
  );
}

/** Opens a page for as long as `work` takes. @throws what the page threw, where `work` went well without it */
export async function withPage(url, work) {
  const { chromium } = createRequire(join(root, 'packages/react/package.json'))('playwright');
  const args = ['--no-sandbox', '--disable-dev-shm-usage'];
  const browser = await chromium.launch({ executablePath: findChromium(), args });
  try {
    const page = await browser.newPage();
    const faults = [];
    page.on('pageerror', (error) => faults.push(error));
    await page.goto(url);
    await work(page);
    if (faults.length > 0) throw faults[0];
  } finally {
    await browser.close();
  }
}
