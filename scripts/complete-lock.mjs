// Adds to package-lock.json the optional platform packages that a registry mirror did not have when the lock was made
// (npm drops them, and `npm ci` then refuses the lock: npm/cli#4828). An entry without integrity is skipped on other
// platforms and fetched by its exact version on its own. Run after every `npm install` that changes the lock; with a
// folder as its argument it completes the lock there (apps/bench/peers has one of its own).
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspace.mjs';

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = [
  'arm64',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'ia32',
  'wasm32',
  'x64',
  'arm',
];

function platformOf(name) {
  const words = name
    .replace('windows', 'win32')
    .replace(/\/win-/, '/win32-')
    .replace(/\/mac-/, '/darwin-')
    .replace(/-armv7l$/, '-arm')
    .replace(/-64$/, '-x64')
    .split('/')
    .at(-1);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  const libc = /-musl/.test(words) ? 'musl' : os === 'linux' && /-gnu/.test(words) ? 'glibc' : undefined;
  return { ...(os && { os: [os] }), ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }) };
}

const file = join(root, process.argv[2] ?? '', 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
let added = 0;
for (const [path, entry] of Object.entries({ ...lock.packages })) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`;
    const top = `node_modules/${name}`;
    if (lock.packages[nested] || lock.packages[top]) continue;
    const platform = platformOf(name);
    if (!platform.os && !platform.cpu) continue;
    lock.packages[top] = {
      version: range.replace(/^[\^~]/, ''),
      ...platform,
      ...(entry.dev && { dev: true }),
      optional: true,
    };
    added += 1;
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} platform packages added`);
