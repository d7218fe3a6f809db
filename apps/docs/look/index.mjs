// Looks at the built site as a person does, in Debian's chromium: screenshots at the widths of a phone and of a desk, in
// light and dark, into look/screenshots; axe over every page in both; the keyboard alone. Says what it finds and fails.
// Usage, after a build: node look/index.mjs [--pictures]   (--pictures: screenshots only)
// CHROMIUM names another browser; without one it skips and says so.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { pagesOf } from '../check-links.mjs';
import { docs } from '../generate/write-page.mjs';
import { violationsOn } from './accessibility.mjs';
import { keyboardFaults } from './keyboard.mjs';
import { serveSite } from './serve-site.mjs';

const site = join(docs, '.vitepress/dist');
const folder = join(docs, 'look/screenshots');
const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
const widths = { phone: { width: 390, height: 844 }, desk: { width: 1440, height: 900 } };
const schemes = ['light', 'dark'];
const pictured = [
  '/',
  '/quick-start',
  '/tutorials/long-text',
  '/explanation/engine',
  '/explanation/surfaces',
  '/reference/benchmarks',
  '/reference/capabilities',
  '/how-to/ai-sdk',
];

if (!existsSync(executablePath)) {
  console.log(
    `skipped: there is no browser ${executablePath} (apt-get install chromium, or name one with CHROMIUM)`,
  );
  process.exit(0);
}
if (!existsSync(join(site, 'index.html'))) {
  console.error('The site is not built: npm run build.');
  process.exit(1);
}

const { url, close } = await serveSite(site);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const faults = [];

async function visit(size, scheme, run) {
  const context = await browser.newContext({
    viewport: widths[size],
    colorScheme: scheme,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`));
  await run(page);
  await context.close();
}

/** Loaded, and taken over by the page's own code. */
async function open(page, address) {
  await page.goto(url + address, { waitUntil: 'load' });
  await page.waitForFunction(() => document.querySelector('#app')?.__vue_app__ !== undefined);
}

/** What is wider than the page makes a phone scroll sideways. */
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const size of Object.keys(widths)) {
  for (const scheme of schemes) {
    await visit(size, scheme, async (page) => {
      for (const address of pictured) {
        await open(page, address);
        const name = address === '/' ? 'home' : address.slice(1).replaceAll('/', '-');
        await page.screenshot({ path: join(folder, `${name}-${size}-${scheme}.png`) });
      }
    });
  }
}
console.log(`screenshots: ${folder}`);
if (!process.argv.includes('--pictures')) {
  for (const [size, scheme] of [
    ['desk', 'light'],
    ['desk', 'dark'],
    ['phone', 'light'],
  ]) {
    await visit(size, scheme, async (page) => {
      for (const address of pagesOf(site)) {
        await open(page, address);
        for (const sentence of await violationsOn(page))
          faults.push(`${address} (${size}, ${scheme}): ${sentence}`);
        if (size === 'phone' && (await overflow(page)) > 0)
          faults.push(`${address}: wider than a phone by ${await overflow(page)} pixels`);
      }
    });
  }
  await visit('desk', 'light', async (page) => {
    for (const sentence of await keyboardFaults(page, url)) faults.push(`keyboard: ${sentence}`);
  });
}
await browser.close();
close();
for (const sentence of faults) console.error(sentence);
console.log(`${pagesOf(site).length} pages, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
