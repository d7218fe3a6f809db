// Makes the tarballs that are published, in a folder: every public package, and one of the engine for each binary that lies
// in packages/native/build/platforms/NAME/ (this machine's own build counts as its platform's). The packages of platforms
// stand in no manifest of the workspace, whose `npm ci` must not look for them: they become optional dependencies here.
// node scripts/stage-packages.mjs [FOLDER]
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isMain, packages, root } from './workspace.mjs';

const native = join(root, 'packages/native');
export const platforms = JSON.parse(readFileSync(join(native, 'platforms.json'), 'utf8'));
/** A platform's package, unpacked: what a user downloads once. */
export const platformBudget = 12_000_000;

export function thisPlatform() {
  const { platform, arch } = process;
  if (platform !== 'linux') return `${platform}-${arch}`;
  return `linux-${arch}-${process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'}`;
}

/** The file of a binary that was compiled to be published, or undefined. */
export function publishedBinaryOf(name) {
  const file = join(native, 'build/platforms', name, 'trivium_native.node');
  return existsSync(file) ? file : undefined;
}

/** The same, or this machine's own build for its own platform. */
export function binaryOf(name) {
  const built = publishedBinaryOf(name);
  if (built) return built;
  const own = join(native, 'build/Release/trivium_native.node');
  return name === thisPlatform() && existsSync(own) ? own : undefined;
}

/**
 * Where the sources are, which npm compares with the workflow that publishes before it vouches for a package's origin. Only
 * that workflow knows; elsewhere the field is left out.
 */
function repositoryOf(directory) {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
  if (!GITHUB_SERVER_URL || !GITHUB_REPOSITORY) return {};
  return { repository: { type: 'git', url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git`, directory } };
}

const pack = (folder, into) =>
  JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', into], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  )[0];

/** A copy of what `npm pack` takes of a package, with another manifest. */
function stage(folder, manifest, work, files) {
  const staged = join(work, manifest.name.replace('/', '__'));
  mkdirSync(staged, { recursive: true });
  for (const file of files.filter((name) => existsSync(join(folder, name))))
    cpSync(join(folder, file), join(staged, file), { recursive: true });
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return staged;
}

/** @returns the tarballs: { name, version, file, bytes, platform, paths }; a platform where it is a binary for one, what is in it */
export function stagePackages(into) {
  const work = join(into, '.work');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const license = join(root, 'LICENSE');
  const staged = [];
  const add = (folder, platform) => {
    cpSync(license, join(folder, 'LICENSE'));
    const { name, version, filename, unpackedSize, files } = pack(folder, into);
    const paths = files.map(({ path }) => path);
    staged.push({ name, version, file: join(into, filename), bytes: unpackedSize, platform, paths });
  };
  const {
    version,
    license: licence,
    engines,
  } = JSON.parse(readFileSync(join(native, 'package.json'), 'utf8'));
  for (const [name, { os, cpu, libc }] of Object.entries(platforms)) {
    const binary = binaryOf(name);
    if (!binary) continue;
    const manifest = {
      name: `@trivium/native-${name}`,
      version,
      description: `The engine of Trivium for ${name}: a binary that @trivium/native loads.`,
      license: licence,
      ...repositoryOf('packages/native'),
      engines,
      os: [os],
      cpu: [cpu],
      ...(libc && { libc: [libc] }),
      main: 'trivium_native.node',
      files: ['trivium_native.node'],
      // The loader compares: a file that was cut off would end the process.
      trivium: { bytes: statSync(binary).size },
    };
    const folder = stage(native, manifest, work, []);
    cpSync(binary, join(folder, 'trivium_native.node'));
    add(folder, name);
  }
  const over = staged.find(({ bytes }) => bytes > platformBudget);
  if (over) throw new Error(`${over.name} takes ${over.bytes} bytes, more than ${platformBudget}`);
  for (const name of packages) {
    const folder = join(root, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (name === 'native') {
      manifest.optionalDependencies = Object.fromEntries(
        Object.keys(platforms).map((platform) => [`@trivium/native-${platform}`, version]),
      );
    }
    Object.assign(manifest, repositoryOf(`packages/${name}`));
    delete manifest.devDependencies;
    delete manifest.scripts;
    add(
      stage(folder, manifest, work, [
        'README.md',
        'CHANGELOG.md',
        ...manifest.files.filter((file) => !file.startsWith('!')),
      ]),
    );
  }
  rmSync(work, { recursive: true, force: true });
  return staged;
}

if (isMain(import.meta.url)) {
  const into = resolve(process.argv[2] ?? 'tarballs');
  mkdirSync(into, { recursive: true });
  for (const { name, file, bytes } of stagePackages(into))
    console.log(`${name.padEnd(34)}${bytes} bytes  ${file}`);
}
