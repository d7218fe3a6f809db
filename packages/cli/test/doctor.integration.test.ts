/** `trivium doctor` and the build say the same of what is missing: the real ones, with tools that are too old or absent. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { doctor } from '../src/doctor.js';

const bin = fileURLToPath(new URL('../bin/trivium.mjs', import.meta.url));
const build = fileURLToPath(new URL('../../native/scripts/build-addon.mjs', import.meta.url));

let tools: string;
beforeEach(async () => {
  tools = await mkdtemp(join(tmpdir(), 'trivium-tools-'));
});
afterEach(() => rm(tools, { recursive: true }));

async function put(name: string, script: string) {
  await writeFile(join(tools, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(tools, name), 0o755);
}

const ran = (file: string, env: Record<string, string>, ...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const { CXX: _, ...rest } = process.env;
    execFile(
      process.execPath,
      [file, ...args],
      { env: { ...rest, PATH: tools, ...env } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });

describe.skipIf(process.platform === 'win32')('what the build lacks', () => {
  test('is said by both in the same words, one after the other', async () => {
    const lacks = async (env: Record<string, string> = {}) => {
      const [built, said] = await Promise.all([ran(build, env), ran(bin, env, 'doctor')]);
      expect(built.code).toBe(1);
      expect(said.code).toBe(0);
      expect(said.stdout).toContain(`: ${built.stderr.trim()} (only needed to build from source)\n`);
      return built.stderr.trim();
    };
    expect(await lacks()).toMatch(/^CMake 3\.20 or later is missing: \w+ install cmake$/);
    await put('cmake', 'echo cmake version 3.10.2');
    expect(await lacks()).toContain('(found 3.10)');
    await put('cmake', 'echo cmake version 3.25.1');
    expect(await lacks()).toMatch(/^make is missing: /);
    await put('make', 'echo GNU Make 4.3');
    expect(await lacks()).toMatch(/^A C\+\+20 compiler is missing: /);
    await put('g++-9', 'case "$1" in --version) echo "g++ 9.4.0";; *) echo 9.4.0;; esac');
    await put('c++', 'echo "clang version 15.0.0"');
    expect(await lacks({ CXX: 'g++-9' })).toMatch(/^g\+\+-9 is too old for C\+\+20 \(found 9\.4\): /);
  });
});

test('what Trivium cannot do without fails, what only the build wants does not', () => {
  const node = { name: 'node', fault: 'Node 20.19 or later is missing (found 18.0.0): nvm install 22' };
  const make = { name: 'make', fault: 'make is missing: apt install make' };
  const engine = { ok: true, says: 'cpu' };
  expect(doctor([node], engine)).toEqual({
    ok: false,
    text: `missing node: ${node.fault}\nok      engine: cpu`,
  });
  const found = { name: 'node', found: 'Node 20.19.0' };
  expect(doctor([found, make], engine)).toMatchObject({
    ok: true,
    text: expect.stringContaining(`missing make: ${make.fault} (only needed to build from source)`),
  });
  expect(doctor([found], { ok: false, says: 'no binary' }).ok).toBe(false);
});

test.each([['--help'], ['-h']])(
  'doctor %s tells how it is used, and a stray word is refused',
  async (flag) => {
    expect((await ran(bin, {}, 'doctor', flag)).stdout).toContain('Examples:\n  trivium doctor');
    expect(await ran(bin, {}, 'doctor', 'x')).toMatchObject({ code: 2, stdout: '' });
  },
);
