// Installs the packed packages into the example apps, as a new user does, builds and starts each, and uses it: a page made by
// Vite over `trivium serve`, Next's route handler and its page, Express, Hono. Pages are loaded in Chromium; where there is
// none (scripts/setup-browser.sh), they are built and asked over HTTP alone. Takes minutes: Next installs 400 MB.
// node scripts/try-apps.mjs [--keep] [vite] [next] [servers]
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findChromium, withPage } from './chromium.mjs';
import { expect, installFlags, Trial } from './empty-app.mjs';
import { stagePackages, thisPlatform } from './stage-packages.mjs';
import { root } from './workspace.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'boolean', default: false } },
});
const trial = new Trial({ keep: values.keep, env: { NEXT_TELEMETRY_DISABLED: '1' } });
const staged = stagePackages(trial.app('tarballs')).filter(
  ({ platform }) => platform === undefined || platform === thisPlatform(),
);
const chromium = findChromium();
if (!chromium) console.log('no Chromium: pages are built and not looked at (scripts/setup-browser.sh)');

const example = (name) => trial.app(name, join(root, 'examples', name));

/** Installs an example with our tarballs in place of the versions that it names. */
async function install(app, isWanted = () => true) {
  const tarballs = staged.filter(({ name }) => isWanted(name)).map(({ file }) => file);
  await trial.run(app, 'npm', ['install', ...installFlags, ...tarballs]);
}

const tea = '# Tea\n\nGreen tea is steeped for two minutes at eighty degrees.\n';
const question = 'How long is green tea steeped?';

/** Asks what every surface of a server has: documents, and nano as the AI SDK's stream. */
async function ask(url, path = '.') {
  const post = async (place, body) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url + place, { method: 'POST', headers, body: JSON.stringify(body) });
    return response.text();
  };
  expect(await post('/v1/capabilities/documents/ask', { paths: [path], question }), 'two minutes');
  const parts = [{ type: 'text', text: 'Tell me about tea.' }];
  const messages = [{ id: '1', role: 'user', parts }];
  expect(await post('/api/chat', { id: 'c', messages, maxOutputTokens: 8 }), '"type":"text-delta"');
}

async function tryServers() {
  const app = example('servers');
  writeFileSync(join(app, 'tea.md'), tea);
  if (!(await trial.step('servers: npm install', () => install(app)))) return;
  for (const name of ['express', 'hono']) {
    await trial.step(`servers: ${name}`, async () => {
      const url = await trial.start(app, 'node', [`${name}.mjs`], { PORT: '0' });
      expect(await (await fetch(url)).text(), 'Hello');
      await ask(`${url}/ai`, 'tea.md');
    });
  }
}

async function tryVite() {
  const host = trial.app('vite-host');
  writeFileSync(join(host, 'package.json'), '{"private":true}');
  writeFileSync(join(trial.app('vite-host/docs'), 'tea.md'), tea);
  const app = example('vite-page');
  const inPage = (name) => ['@trivium/react', '@trivium/protocol'].includes(name);
  const isInstalled = await trial.step('vite: npm install', async () => {
    await Promise.all([install(app, inPage), install(host)]);
  });
  if (!isInstalled) return;
  await trial.step('vite: build, and nothing of sdk or native in it', async () => {
    await trial.run(app, 'npm', ['run', 'build', '--', '--sourcemap']);
    const assets = join(app, 'dist/assets');
    const map = readdirSync(assets).find((name) => name.endsWith('.js.map'));
    const { sources } = JSON.parse(readFileSync(join(assets, map), 'utf8'));
    const ours = new Set(sources.flatMap((source) => /@trivium\/[\w-]+/.exec(source)?.[0] ?? []));
    expect([...ours].sort().join(' '), '@trivium/protocol @trivium/react');
    if (ours.size > 2) throw new Error(`the page holds ${[...ours].join(', ')}`);
    const script = readFileSync(join(assets, map.replace('.map', '')));
    if (/["'`]node:|@trivium\/(native|sdk)/.test(script))
      throw new Error('the page names what only Node has');
    return `${(script.length / 1e3).toFixed(0)} kB with React`;
  });
  if (!chromium) return;
  await trial.step('vite: the page asks trivium serve, in Chromium', async () => {
    const bin = join(host, 'node_modules/.bin/trivium');
    const server = await trial.start(host, bin, ['serve', '--port', '0', '--root', 'docs']);
    const preview = ['preview', '--port', '0', '--host', '127.0.0.1'];
    const url = await trial.start(app, join(app, 'node_modules/.bin/vite'), preview, {
      TRIVIUM_SERVER: server,
    });
    await withPage(url, async (page) => {
      await page.getByLabel('Question').fill(question);
      await page.getByRole('button', { name: 'Ask' }).click();
      await page.getByText('two minutes').first().waitFor({ timeout: 20_000 });
      expect(await page.getByRole('status').textContent(), 'success');
    });
  });
}

async function tryNext() {
  const app = example('next-app');
  if (!(await trial.step('next: npm install', () => install(app)))) return;
  if (!(await trial.step('next: next build', () => trial.run(app, 'npm', ['run', 'build'])))) return;
  let url;
  await trial.step('next: the route handler answers', async () => {
    url = await trial.start(app, join(app, 'node_modules/.bin/next'), ['start', '--port', '0']);
    await ask(`${url}/ai`);
  });
  if (!chromium || !url) return;
  await trial.step('next: useChat and useDocuments, in Chromium', () =>
    withPage(url, async (page) => {
      await page.getByRole('button', { name: 'Send' }).click();
      await page.waitForFunction(
        () => document.querySelector('[data-role=assistant]')?.textContent.trim().length > 0,
        undefined,
        { timeout: 20_000 },
      );
      await page.getByRole('button', { name: 'Ask' }).click();
      await page.getByText('two minutes').first().waitFor({ timeout: 20_000 });
    }),
  );
}

const trials = { servers: tryServers, vite: tryVite, next: tryNext };
for (const [name, work] of Object.entries(trials))
  if (positionals.length === 0 || positionals.includes(name)) await work();
await trial.end('all apps work');
