// An empty app in a temporary folder, as a new user has one, and the steps of trying something there: each says whether it
// went well and how long it took. What runs there keeps a cache of its own.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';

const execute = promisify(execFile);
/** Longer than any program here takes, qemu's tests on busy cores included: what still runs then will not end. */
const runDeadlineMs = 30 * 60_000;
/** Longer than any server here takes to say where it listens. */
const startDeadlineMs = 2 * 60_000;
/** Long enough to end in good order. */
const endDeadlineMs = 10_000;
export const installFlags = ['--no-audit', '--no-fund', '--prefer-offline'];

/** A temporary folder with apps in it, and what happened there. */
export class Trial {
  failed = 0;
  #keep;
  #children = new Set();

  /** @param keep Leave the folder and say where it is */
  constructor({ keep = false, env = {} } = {}) {
    this.#keep = keep;
    this.folder = mkdtempSync(join(tmpdir(), 'trivium-try-'));
    const { PATH, TRIVIUM_NATIVE_PATH: _, ...inherited } = process.env;
    const cache = join(this.folder, 'cache');
    this.env = {
      ...inherited,
      PATH: `${this.#withoutCompilers()}${delimiter}${PATH}`,
      TRIVIUM_CACHE_DIR: cache,
      ...env,
    };
  }

  /** A folder that hides compilers: what is not in a package cannot be made on the way. */
  #withoutCompilers() {
    const bin = join(this.folder, 'no-compilers');
    mkdirSync(bin);
    for (const name of ['c++', 'cc', 'g++', 'gcc', 'clang', 'clang++', 'cmake', 'make', 'node-gyp'])
      writeFileSync(join(bin, name), '#!/bin/sh\necho "no compiler here" >&2\nexit 127\n', { mode: 0o755 });
    return bin;
  }

  /** A folder of the trial, with a copy of `source` in it. */
  app(name, source) {
    const app = join(this.folder, name);
    mkdirSync(app, { recursive: true });
    if (source)
      cpSync(source, app, {
        recursive: true,
        filter: (file) => !/[/\\](node_modules|\.next|dist)$/.test(file),
      });
    return app;
  }

  /** Runs a program to its end, or to the deadline. @returns what it wrote @throws with `stdout` and `stderr` so far */
  async run(cwd, command, args, env = {}) {
    const { stdout, stderr } = await execute(command, args, {
      cwd,
      env: { ...this.env, ...env },
      maxBuffer: 1 << 26,
      timeout: runDeadlineMs,
      killSignal: 'SIGKILL',
    });
    return stdout + stderr;
  }

  /** Starts a server and waits for the address that it prints. @returns the address @throws with what it printed */
  async start(cwd, command, args, env = {}) {
    const child = spawn(command, args, {
      cwd,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    let output = '';
    let deadline;
    return new Promise((resolve, reject) => {
      const take = (chunk) => {
        output += chunk;
        // Coloured where CI says that it likes that.
        const plain = stripVTControlCharacters(output);
        const address = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(plain)?.[0];
        if (address) resolve(address.replace('localhost', '127.0.0.1'));
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${command} ended with ${code}:\n${output}`)));
      deadline = setTimeout(() => {
        reject(new Error(`${command} printed no address in ${startDeadlineMs} ms:\n${output}`));
        child.kill('SIGKILL');
      }, startDeadlineMs);
    }).finally(() => clearTimeout(deadline));
  }

  async step(name, work) {
    const started = performance.now();
    try {
      const said = await work();
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`ok   ${name} (${seconds} s)${said && !said.includes('\n') ? `: ${said}` : ''}`);
      return true;
    } catch (error) {
      this.failed += 1;
      console.log(`FAIL ${name}\n${error.stdout ?? ''}${error.stderr ?? ''}${failureOf(error)}`);
      return false;
    }
  }

  /** Ends what was started, removes the folder, and makes the process fail where a step did. */
  async end(verdict) {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const deadline = setTimeout(() => child.kill('SIGKILL'), endDeadlineMs);
      await exited;
      clearTimeout(deadline);
    }
    if (this.#keep) console.log(`kept: ${this.folder}`);
    else rmSync(this.folder, { recursive: true, force: true });
    console.log(this.failed === 0 ? verdict : `${this.failed} failed`);
    process.exitCode = this.failed === 0 ? 0 : 1;
  }
}

/** Why a program did not end well, after what it wrote; the message of `execFile` would repeat that. */
function failureOf(error) {
  if (error.stdout === undefined) return error.stack;
  return `${error.cmd}: ${error.killed ? 'ended at the deadline' : (error.signal ?? error.code)}`;
}

export function expect(output, wanted) {
  if (!output.includes(wanted)) throw new Error(`expected ${JSON.stringify(wanted)} in:\n${output}`);
}
