/**
 * What an app is told when no binary fits: a copy of this package in an app of its own, with the package of the platform
 * missing, damaged, made for the other C library, or another program's.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SerializedError } from '@trivium/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadFailure } from '../lib/load-failure.js';
import { packageOf, platformName } from '../lib/platforms.js';

const native = fileURLToPath(new URL('..', import.meta.url));
const workspaceBuild = join(native, 'build', 'Release', 'trivium_native.node');
/** The binary that the other tests of this run take. */
const own = process.env.TRIVIUM_NATIVE_PATH ?? workspaceBuild;
const platform = platformName();
let app: string;

beforeEach(() => {
  app = mkdtempSync(join(tmpdir(), 'trivium-loader-'));
  const scope = join(app, 'node_modules/@trivium');
  mkdirSync(join(scope, 'native'), { recursive: true });
  for (const name of ['dist', 'package.json'])
    cpSync(join(native, name), join(scope, 'native', name), { recursive: true });
  symlinkSync(join(native, '../protocol'), join(scope, 'protocol'), 'junction');
});
afterEach(() => rmSync(app, { recursive: true, force: true }));

const { version } = JSON.parse(readFileSync(join(native, 'package.json'), 'utf8'));

/** A platform's package as scripts/stage-packages.mjs makes it. */
function install(name: string, binary: Uint8Array, manifest: { version?: string; bytes?: number } = {}) {
  const folder = join(app, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  const trivium = { bytes: manifest.bytes ?? binary.length };
  const whole = { name, main: 'trivium_native.node', version: manifest.version ?? version, trivium };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(whole));
  writeFileSync(join(folder, 'trivium_native.node'), binary);
}

/** What `getEngine()` comes to in the app: the engine's backend, or the error. */
function load(env: NodeJS.ProcessEnv = {}): { backend?: string; error?: SerializedError } {
  const script = `import { getEngine } from '@trivium/native';
    try { console.log(JSON.stringify({ backend: getEngine().backend })); }
    catch (error) { console.log(JSON.stringify({ error })); }`;
  const { TRIVIUM_NATIVE_PATH: _, ...inherited } = process.env;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: app,
    encoding: 'utf8',
    env: { ...inherited, ...env },
  });
  return JSON.parse(output);
}

describe('the loader', () => {
  it('takes the package of the platform', () => {
    install(packageOf(platform as 'linux-x64-gnu'), readFileSync(own));
    expect(load().backend).toBeDefined();
  });

  it('says that the package is not installed, each place that it looked at, and what to type', () => {
    const { error } = load();
    expect(error).toMatchObject({ code: 'native-unavailable', expected: `a binary for ${platform}` });
    expect(error?.found).toContain(`${relative(native, workspaceBuild)}: no such file; tried `);
    expect(error?.found).toContain(`@trivium/native-${platform}: not installed`);
    expect(error?.remedy).toContain(`npm install --no-save @trivium/native-${platform}@`);
  });

  it('names the packages of other systems that are there instead', () => {
    install('@trivium/native-win32-x64', Buffer.from('MZ'));
    expect(load().error?.remedy).toContain('Only @trivium/native-win32-x64 is installed');
  });

  it('says that a file is cut off, which the system would end the process for', () => {
    const whole = readFileSync(own);
    install(packageOf(platform as 'linux-x64-gnu'), whole.subarray(0, 100_000), { bytes: whole.length });
    const { error } = load();
    expect(error?.found).toContain(`the file is damaged (100000 bytes instead of ${whole.length})`);
    expect(error?.remedy).toContain('Install it again');
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['a page of text', Buffer.from(`<html>${' '.repeat(4096)}</html>`)],
  ])('says that a file is no program of this machine: %s', (_, binary) => {
    install(packageOf(platform as 'linux-x64-gnu'), binary);
    expect(load().error?.found).toContain('the file is damaged or made for another machine');
  });

  it('refuses the package of another version', () => {
    install(packageOf(platform as 'linux-x64-gnu'), readFileSync(own), { version: '0.0.1' });
    expect(load().error?.found).toContain(`it is version 0.0.1, and @trivium/native is ${version}`);
  });

  it.skipIf(process.platform !== 'linux' || platform.endsWith('musl'))('knows a binary for musl', () => {
    // The name of the C library that it wants, in as many bytes: what the system's loader says is the same.
    const whole = readFileSync(own).toString('latin1').replaceAll('libc.so.6\0', 'libc.musl\0');
    install(packageOf(platform as 'linux-x64-gnu'), Buffer.from(whole, 'latin1'));
    expect(load().error?.found).toContain('it was made for musl, and this system has glibc');
  });

  it('refuses another program that TRIVIUM_NATIVE_PATH names, and then tries nothing else', () => {
    install(packageOf(platform as 'linux-x64-gnu'), readFileSync(own));
    const file = join(app, 'other.cjs');
    writeFileSync(file, 'exports.answer = 42;');
    const { error } = load({ TRIVIUM_NATIVE_PATH: file });
    expect(error?.found).toBe(`tried ${file}: it is no engine of Trivium`);
    expect(error?.remedy).toContain('TRIVIUM_NATIVE_PATH');
    expect(load({ TRIVIUM_NATIVE_PATH: `${dirname(file)}/absent.node` }).error?.found).toContain(
      'no such file',
    );
  });
});

describe('what loaders of systems say', () => {
  it.each([
    ['old-libc', "/lib/libc.so.6: version `GLIBC_2.34' not found (required by x.node)", 'glibc 2.34'],
    [
      'libc',
      'libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory',
      'made for musl',
    ],
    [
      'libc',
      'Error loading shared library ld-linux-x86-64.so.2: No such file (needed by x.node)',
      'for glibc',
    ],
    ['damaged', 'x.node: invalid ELF header', 'damaged'],
    ['damaged', "dlopen(x.node, 0x0001): tried: 'x.node' (not a mach-o file)", 'damaged'],
    ['damaged', '\\\\?\\C:\\x.node is not a valid Win32 application.', 'damaged'],
    ['other', 'cannot allocate memory in static TLS block', 'static TLS'],
  ])('%s: %s', (kind, message, reason) => {
    const failure = loadFailure('x.node', Object.assign(new Error(message), { code: 'ERR_DLOPEN_FAILED' }));
    expect(failure.kind).toBe(kind);
    expect(failure.reason).toContain(reason);
  });
});

it.runIf(process.platform === 'linux')(
  'the C library is asked for without waiting for names of hosts',
  () => {
    const report = process.report as typeof process.report & { excludeNetwork?: boolean };
    const { excludeNetwork } = report;
    const getReport = vi.spyOn(report, 'getReport').mockImplementation(() => {
      expect(report.excludeNetwork).toBe(true);
      return { header: {} };
    });
    expect(platformName()).toBe(`linux-${process.arch}-musl`);
    expect(getReport).toHaveBeenCalledOnce();
    getReport.mockRestore();
    expect(report.excludeNetwork ?? false).toBe(excludeNetwork ?? false);
  },
);
