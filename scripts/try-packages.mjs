// Installs the packed packages into empty apps, as a new user does, and uses them in each form that we promise: ES modules,
// CommonJS, a worker thread, TypeScript with the resolutions bundler, nodenext and node16 (both module kinds), the executables,
// the SDK alone without its optional peer.
// Everything happens in a temporary folder where no compiler is found; the registry is asked for the dependencies alone.
// scripts/try-apps.mjs tries what takes longer: Vite, Next, Express, Hono.
// node scripts/try-packages.mjs [--keep]
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, installFlags, Trial } from './empty-app.mjs';
import { stagePackages, thisPlatform } from './stage-packages.mjs';
import { root } from './workspace.mjs';

const trial = new Trial({ keep: process.argv.includes('--keep') });
const staged = stagePackages(trial.app('tarballs'));
for (const { name, bytes } of staged)
  console.log(`     ${name.padEnd(34)}${(bytes / 1e6).toFixed(2)} MB unpacked`);
const app = trial.app('app', join(root, 'scripts/try-packages'));
writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, version: '1.0.0' }));
writeFileSync(join(app, 'tea.md'), '# Tea\n\nGreen tea is steeped for two minutes at eighty degrees.\n');
const run = (command, args) => trial.run(app, command, args);

const tools = ['typescript@5.9.3', '@types/node@20.19.25'];
const tarballs = staged.filter(({ platform }) => !platform || platform === thisPlatform());
const install = async (folder, packages, more = []) => {
  const files = packages.map(({ file }) => file);
  await trial.run(folder, 'npm', ['install', ...installFlags, ...files, ...tools, ...more]);
};
// `ai` is named nowhere: the packages that want it bring it.
await trial.step('npm install of the tarballs', () => install(app, tarballs));
for (const [name, file] of [
  ['ES module', 'use.mjs'],
  ['CommonJS', 'use.cjs'],
  ['worker thread', 'worker-thread.mjs'],
]) {
  await trial.step(name, async () => expect(await run('node', [file]), 'two minutes'));
}
await trial.step("the engine is the platform's package", async () => {
  const script = `import { getEngine } from '@trivium/native'; getEngine();
    console.log(Object.keys((await import('node:module')).createRequire(import.meta.url).cache).join());`;
  expect(
    await run('node', ['--input-type=module', '--eval', script]),
    `@trivium/native-${thisPlatform()}/trivium_native.node`,
  );
});
for (const [name, module, resolution] of [
  ['bundler', 'esnext', 'bundler'],
  ['nodenext', 'nodenext', 'nodenext'],
  ['node16', 'node16', 'node16'],
]) {
  await trial.step(`TypeScript ${name}`, async () => {
    const files = name === 'bundler' ? ['use.ts'] : ['use.mts', 'use.cts'];
    cpSync(join(app, 'use.ts'), join(app, 'use.mts'));
    cpSync(join(app, 'use.ts'), join(app, 'use.cts'));
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--types', 'node'];
    await run('npx', ['tsc', ...flags, '--module', module, '--moduleResolution', resolution, ...files]);
  });
}
await trial.step('trivium', async () => {
  expect(await run('npx', ['trivium', '--version']), staged[0].file.match(/(\d+\.\d+\.\d+)\.tgz$/)[1]);
  const question = 'How long is green tea steeped?';
  const ask = ['trivium', 'ask', 'tea.md', '--question', question];
  expect(await run('npx', ask), 'two minutes');
  expect(await run('npx', [...ask, '--model', 'nano', '--json']), '"mode":"abstractive"');
});
await trial.step('trivium-mcp-server', async () => expect(await run('node', ['mcp.mjs']), 'documents_ask'));
const alone = trial.app('sdk-alone', join(root, 'scripts/try-packages/sdk-alone'));
writeFileSync(
  join(alone, 'package.json'),
  JSON.stringify({ name: 'alone', private: true, version: '1.0.0' }),
);
await trial.step('npm install of the SDK alone', () => {
  const wanted = tarballs.filter(
    ({ name, platform }) => platform || /\/(protocol|native|nano|sdk)$/.test(name),
  );
  // The declarations of @ai-sdk/provider want it, and it does not bring it.
  return install(alone, wanted, ['@types/json-schema@7.0.15']);
});
await trial.step('declarations without ai', () => {
  const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext'];
  return trial.run(alone, 'npx', ['tsc', ...flags, 'use.mts']).then(() => undefined);
});
await trial.step('a model without ai', async () => {
  expect(await trial.run(alone, 'node', ['use.mjs']), 'npm install ai@6');
});
await trial.end('all forms work');
