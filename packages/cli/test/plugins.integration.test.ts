/** Commands of plugins, jobs and completion, by the real command. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../bin/trivium.mjs', import.meta.url));
/** An app that has the plugin: this workspace. */
const app = fileURLToPath(new URL('../../../', import.meta.url));
let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'trivium-cache-'));
});
afterAll(() => rm(cache, { recursive: true, force: true }));

const hasShell = (shell: string) => spawnSync(shell, ['--version']).status === 0;

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

function run(args: string[], { cwd = app, env = {} }: { cwd?: string; env?: object } = {}): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, ...args],
      { cwd, env: { ...process.env, TRIVIUM_CACHE_DIR: cache, ...env } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });
}

describe('a plugin', () => {
  it('is a command with help, data and events', async () => {
    expect(await run(['word-count', 'count', 'How many?', '三个词在这里'])).toEqual({
      code: 0,
      stdout: '2\n5\n7 in all\n',
      stderr: '',
    });
    const { stdout } = await run(['word-count', 'count', 'a b', 'c', '--events']);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { done: 1, total: 2 },
      { done: 2, total: 2 },
      { type: 'output', output: { words: [2, 1], total: 3 } },
    ]);
    const help = await run(['word-count', '--help']);
    expect(help.stdout).toContain('trivium word-count count TEXTS…');
    expect(help.stdout).toContain('--language STRING');
  });

  it('loads models by the flags of loading, as a job too', async () => {
    const plugin = fileURLToPath(new URL('fixtures/trivium-plugin-teller/index.mjs', import.meta.url));
    const env = { TRIVIUM_PLUGINS: plugin, TRIVIUM_CACHE_DIR: join(cache, 'teller') };
    const call = ['teller', 'tell', '--context-tokens', '64'];
    const { stdout } = await run([...call, '--json'], { env });
    expect(JSON.parse(stdout)).toMatchObject({ contextTokens: 64 });
    const started = await run([...call, '--job'], { env });
    const watched = await run(['jobs', 'watch', started.stdout.trim(), '--json'], { env });
    expect(JSON.parse(watched.stdout)).toMatchObject({ output: { contextTokens: 64 } });
  });

  it('stands in the general help where the app names it', async () => {
    expect((await run(['help'])).stdout).not.toContain('word-count');
    const env = { TRIVIUM_PLUGINS: 'word-count' };
    expect((await run(['help'], { env })).stdout).toMatch(/word-count count +Count words/);
  });

  it('that is absent, or has no such command, is a wrong call with a remedy', async () => {
    const absent = await run(['astrology', 'predict']);
    expect(absent).toMatchObject({ code: 2, stdout: '' });
    expect(absent.stderr).toContain('npm install @trivium/plugin-astrology');
    const unknown = await run(['word-count', 'cuont']);
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('word-count count');
  });

  it('that is broken or absent says so and ends nothing else', async () => {
    const broken = join(cache, 'broken.mjs');
    await writeFile(broken, 'throw new Error("no plugin today")');
    const env = { TRIVIUM_PLUGINS: `${broken},nowhere,word-count` };
    for (const words of [['--help'], ['completion', 'bash']]) {
      const { code, stdout, stderr } = await run(words, { env });
      expect(code).toBe(0);
      expect(stdout).toContain('word-count');
      expect(stderr).toContain('no plugin today');
      expect(stderr).toContain('npm install @trivium/plugin-nowhere');
    }
    expect(await run(['word-count', 'count', 'a b'], { env })).toMatchObject({
      code: 0,
      stdout: '2\n2 in all\n',
    });
    // What is built in needs no plugin.
    expect(await run(['jobs'], { env })).toMatchObject({ code: 0 });
  });
});

describe('jobs', () => {
  it('run behind the command that started them', async () => {
    expect(await run(['jobs'])).toMatchObject({ code: 0, stdout: 'There are no jobs.\n' });
    const started = await run(['word-count', 'count', 'one two', 'three', '--job']);
    expect(started).toMatchObject({ code: 0, stderr: '' });
    const id = started.stdout.trim();
    const watched = await run(['jobs', 'watch', id, '--events']);
    expect(
      watched.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { type: 'job-progress', event: 1, progress: { done: 1, total: 2 } },
      { type: 'job-progress', event: 2, progress: { done: 2, total: 2 } },
      { type: 'output', output: { id, status: 'succeeded', output: { words: [2, 1], total: 3 } } },
    ]);
    const shown = await run(['jobs', 'show', id, '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ id, plugin: 'word-count', capability: 'count' });
    expect((await run(['jobs', 'list', '--status', 'succeeded'])).stdout).toContain(id);
  });

  it('can be cancelled while they run', async () => {
    const started = await run(['word-count', 'count', 'x', 'y', '--pause-ms', '600000', '--job']);
    const id = started.stdout.trim();
    expect(started).toMatchObject({ code: 0, stderr: '' });
    while (!(await run(['jobs', 'show', id])).stdout.includes('running')) await sleep(20);
    const cancelled = await run(['jobs', 'cancel', id, '--json']);
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ id, status: 'cancelled' });
  });

  it('that cannot start fail the command', async () => {
    const env = { TRIVIUM_CACHE_DIR: join(cache, 'broken.mjs') };
    const failed = await run(['word-count', 'count', 'x', '--job'], { env });
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(await run(['jobs', 'show', 'nosuch'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no job "nosuch"'),
    });
  });
});

describe('completion', () => {
  const complete = async (...words: string[]) => {
    const { stdout } = await run(['completion', 'bash'], { env: { TRIVIUM_PLUGINS: 'word-count' } });
    const probe = `${stdout}
COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _trivium; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return new Promise<string[]>((resolve, reject) =>
      execFile('bash', ['-c', probe, 'bash', ...words], { cwd: cache }, (error, out) =>
        error ? reject(error) : resolve(out.trim().split('\n')),
      ),
    );
  };

  it('knows commands, groups, flags and values in bash', async () => {
    expect(await complete('trivium', 'sea')).toEqual(['search']);
    expect(await complete('trivium', 'jobs', 'wa')).toEqual(['watch']);
    expect(await complete('trivium', 'word-count', 'count', '--la')).toEqual(['--language']);
    expect(await complete('trivium', 'jobs', 'list', '--status', 'suc')).toEqual(['succeeded']);
    expect(await complete('trivium', 'ask', '--kv-type', '=', 'q')).toEqual(['q8_0']);
    expect(await complete('trivium', 'inspect', '--no')).toEqual(['--no-speed']);
  });

  it('knows the flags that a command really takes, of chat and serve too', async () => {
    const chat = await complete('trivium', 'chat', '--');
    expect(chat).toEqual(expect.arrayContaining(['--load', '--save', '--lines']));
    expect(chat).not.toContain('--job');
    expect(await complete('trivium', 'serve', '--read')).toEqual(['--read-only']);
    expect(await complete('trivium', 'serve', '--kv-type', 'f1')).toEqual(['f16']);
    expect(await complete('trivium', 'help', 'comp')).toEqual(['completion']);
  });

  it('leaves files to the shell, names with blanks in them too', async () => {
    expect(await complete('trivium', 'ask', '')).toEqual(['']);
    expect((await run(['completion', 'bash'])).stdout).toContain('complete -o default -F _trivium trivium');
  });

  it.skipIf(!hasShell('fish'))('completes the word that is typed in fish', async () => {
    const { stdout } = await run(['completion', 'fish']);
    const completed = (line: string) =>
      execFileSync('fish', ['--no-config', '-c', `${stdout}\ncomplete -C '${line}'`])
        .toString()
        .trimEnd()
        .split('\n')
        .map((row) => row.split('\t')[0]);
    expect(completed('trivium gen')).toEqual(['generate']);
    expect(completed('trivium jobs ')).toEqual(['cancel', 'list', 'show', 'watch']);
    expect(completed('trivium ask --kv-type ')).toEqual(['f16', 'f32', 'q8_0']);
    expect(completed('trivium help ask --ques')).toEqual(['']);
  });

  it.each([['--help'], ['bash', '-h']])('tells how it is used: %s', async (...words) => {
    const { code, stdout } = await run(['completion', ...words]);
    expect(code).toBe(0);
    for (const shell of ['bash', 'zsh', 'fish']) expect(stdout).toContain(`trivium completion ${shell}`);
  });

  it('is there for zsh and fish, and refused for others', async () => {
    expect((await run(['completion', 'zsh'])).stdout).toContain('bashcompinit');
    expect((await run(['completion', 'fish'])).stdout).toContain(
      "complete -c trivium -n '__fish_trivium_at' -f -a search",
    );
    expect(await run(['completion', 'tcsh'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('bash, zsh, fish'),
    });
  });
});
