// What a release does, tried in a clone that is thrown away: `changeset version`, the tarballs of the new version, what is in
// them, and `npm publish --dry-run` of each. With --registry it publishes them to a registry of this machine's own (compat/registry)
// and installs from that alone, for each platform that there is a binary of: npm must pick the package of that os, cpu and libc
// and no other. Everything needs a build; `npm run check` runs it without the registry.
// node scripts/try-release.mjs [--registry] [--keep]
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { expect, Trial } from './empty-app.mjs';
import { startRegistry } from './local-registry.mjs';
import { faultsOf } from './package-contents.mjs';
import { packages, root } from './workspace.mjs';

const { values } = parseArgs({
  options: { registry: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
});
const trial = new Trial({ keep: values.keep });
const clone = trial.app('clone');
const manifestOf = (name) => JSON.parse(readFileSync(join(clone, 'packages', name, 'package.json'), 'utf8'));
const platforms = JSON.parse(readFileSync(join(root, 'packages/native/platforms.json'), 'utf8'));
let staged = [];

await trial.step('changeset version', async () => {
  await trial.run(trial.folder, 'git', ['clone', '--quiet', root, clone]);
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  const before = Object.fromEntries(packages.map((name) => [name, manifestOf(name).version]));
  await trial.run(clone, join(root, 'node_modules/.bin/changeset'), ['version']);
  const versions = new Map(packages.map((name) => [`@trivium/${name}`, manifestOf(name).version]));
  for (const name of packages) {
    const { version, dependencies = {} } = manifestOf(name);
    if (version === before[name]) throw new Error(`${name} stays at ${version}: no changeset names it`);
    for (const [other, wanted] of Object.entries(dependencies))
      if (versions.has(other) && versions.get(other) !== wanted)
        throw new Error(`${name} wants ${other} ${wanted}, which becomes ${versions.get(other)}`);
    expect(readFileSync(join(clone, 'packages', name, 'CHANGELOG.md'), 'utf8'), `## ${version}`);
  }
  return [...versions].map(([name, version]) => `${name.replace('@trivium/', '')} ${version}`).join(', ');
});
await trial.step('tarballs, and nothing in them that is not for users', async () => {
  for (const folder of [...packages.map((name) => `packages/${name}/dist`), 'packages/native/build/Release'])
    cpSync(join(root, folder), join(clone, folder), { recursive: true });
  for (const name of Object.keys(platforms)) {
    const binary = `packages/native/build/platforms/${name}/trivium_native.node`;
    if (existsSync(join(root, binary))) cpSync(join(root, binary), join(clone, binary));
  }
  const { stagePackages } = await import(pathToFileURL(join(clone, 'scripts/stage-packages.mjs')));
  staged = stagePackages(trial.app('tarballs'));
  const faults = staged.flatMap(({ file, paths }) => faultsOf(file, paths));
  if (faults.length > 0) throw new Error(faults.join('\n'));
});
for (const { name, bytes, paths } of staged)
  console.log(`     ${name.padEnd(34)}${(bytes / 1e6).toFixed(2)} MB, ${paths.length} files`);
await trial.step('npm publish --dry-run of each', async () => {
  const publish = ['publish', '--dry-run', '--access', 'public'];
  const said = await Promise.all(
    staged.map(({ file }) => trial.run(trial.folder, 'npm', [...publish, file])),
  );
  for (const [index, { name }] of staged.entries()) expect(said[index], `+ ${name}@`);
});

if (values.registry && trial.failed === 0) await tryRegistry();
await trial.end('a release would work');

async function tryRegistry() {
  const registry = await startRegistry(trial);
  await trial.step('npm publish of each, to a registry of our own', async () => {
    for (const { file } of staged) await trial.run(trial.folder, 'npm', ['publish', ...registry.flags, file]);
  });
  for (const { platform } of staged.filter(({ platform }) => platform)) {
    const { os, cpu, libc } = platforms[platform];
    await trial.step(`npm install @trivium/sdk for ${platform}`, async () => {
      const app = trial.app(`app-${platform}`);
      writeFileSync(join(app, 'package.json'), '{"name":"app","private":true,"type":"module"}');
      const system = [`--os=${os}`, `--cpu=${cpu}`, ...(libc ? [`--libc=${libc}`] : [])];
      await trial.run(app, 'npm', ['install', ...registry.flags, ...system, '@trivium/sdk', 'ai@6.0.326']);
      const installed = Object.keys(platforms).filter((name) =>
        existsSync(join(app, 'node_modules/@trivium', `native-${name}`)),
      );
      if (installed.join() !== platform) throw new Error(`npm installed ${installed.join(', ') || 'none'}`);
    });
  }
}
