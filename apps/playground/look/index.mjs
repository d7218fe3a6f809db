// Looks at the playground as a person does, in Debian's Chromium, over `trivium serve` with nano: every state at the widths of
// a phone and of a desk, in light and dark, into look/screenshots; axe over each; the keyboard alone. Says what it finds and fails.
// node apps/playground/look/index.mjs [--keep] [STATE…]   (--keep: the pictures of the documentation are taken anew)
// CHROMIUM names another browser; without one it skips and says so.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { keyboardFaults } from './keyboard.mjs';
import { startServer } from './server.mjs';
import { enter, states } from './states.mjs';

const folder = fileURLToPath(new URL('screenshots/', import.meta.url));
const kept = fileURLToPath(new URL('../../docs/pages/public/playground/', import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
const widths = { phone: { width: 390, height: 844 }, desk: { width: 1440, height: 900 } };

/** What the documentation shows: [state, width, scheme]. */
const shown = [
  ['writing', 'desk', 'light'],
  ['writing', 'desk', 'dark'],
  ['source', 'desk', 'light'],
  ['source', 'desk', 'dark'],
  ['answer', 'phone', 'light'],
  ['answer', 'phone', 'dark'],
];

if (!existsSync(executablePath)) {
  console.log(`skipped: there is no browser ${executablePath} (scripts/setup-browser.sh installs it)`);
  process.exit(0);
}
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const keeps = process.argv.includes('--keep');
const faults = [];

async function violationsOn(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) =>
        `${id} at ${target.join(' ')}: ${failureSummary?.split('\n')[1]?.trim()}`,
    ),
  );
}

async function visit(size, scheme, run) {
  const context = await browser.newContext({
    viewport: widths[size],
    colorScheme: scheme,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(`the page threw: ${error.message}`));
  try {
    await run(page);
  } finally {
    await context.close();
  }
}

async function look(name, size, scheme, url) {
  await visit(size, scheme, async (page) => {
    const where = `${name} (${size}, ${scheme})`;
    try {
      await enter(page, url, states[name]);
      await page.screenshot({ path: join(folder, `${name}-${size}-${scheme}.png`) });
      if (keeps && shown.some((one) => one.join() === [name, size, scheme].join()))
        await page.screenshot({
          path: join(kept, `${name}-${size}-${scheme}.jpg`),
          type: 'jpeg',
          quality: 70,
        });
      for (const sentence of await violationsOn(page)) faults.push(`${where}: ${sentence}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (overflow > 0) faults.push(`${where}: wider than the window by ${overflow} pixels`);
    } catch (error) {
      faults.push(`${where}: ${error.message.split('\n')[0]}`);
    }
  });
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
mkdirSync(kept, { recursive: true });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const servers = {
  plain: await startServer(),
  locked: await startServer({ flags: ['--api-key', 'secret'] }),
  'read-only': await startServer({ flags: ['--read-only'] }),
};
let looked = 0;
for (const [name, { server = 'plain' }] of Object.entries(states)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const size of Object.keys(widths)) {
    for (const scheme of ['light', 'dark']) {
      await look(name, size, scheme, servers[server].url);
      looked += 1;
    }
  }
}
await visit('desk', 'light', async (page) => {
  for (const sentence of await keyboardFaults(page, servers.plain.url)) faults.push(`keyboard: ${sentence}`);
});
await browser.close();
for (const server of Object.values(servers)) await server.stop();
for (const sentence of faults) console.error(sentence);
console.log(`${looked} views in ${folder}, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
