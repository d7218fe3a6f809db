/** The command line: what it refuses, and how it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseFlags } from '../src/flags.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

async function run(...args: string[]): Promise<{ code: number; said: string; answered: string }> {
  const child = spawn(process.execPath, [here('../bin/trivium-mcp-server.mjs'), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH!, TRIVIUM_CACHE_DIR: tmpdir() },
  });
  child.stdin.end();
  const [said, answered] = await Promise.all([text(child.stderr), text(child.stdout)]);
  if (child.exitCode === null) await once(child, 'exit');
  return { code: child.exitCode!, said, answered };
}

describe('flags', () => {
  it('are what they say, and the environment knows the token', () => {
    const flags = parseFlags(['--http', '--port', '0', '--plugins', 'a,b', '--allowed-host', 'x'], {
      TRIVIUM_MCP_TOKEN: 'secret',
    });
    expect(flags).toMatchObject({
      plugins: ['a', 'b'],
      http: { port: 0, token: 'secret', allowedHosts: ['x'] },
    });
    expect(parseFlags([], { TRIVIUM_MCP_TOKEN: 'secret' }).http).toBeUndefined();
    expect(parseFlags(['--http'], { TRIVIUM_MCP_TOKEN: '' }).http?.token).toBeUndefined();
    expect(() => parseFlags(['--http'], { TRIVIUM_MCP_TOKEN: ' \n' })).toThrow(
      expect.objectContaining({ code: 'invalid-argument', field: 'TRIVIUM_MCP_TOKEN' }),
    );
  });

  it.each([
    [['--port', '7475'], '--port'],
    [['--token', 'x'], '--token'],
    [['--http', '--token', ''], '--token'],
    [['--http', '--token', ' '], '--token'],
    [['--http', '--port', 'x'], '--port'],
    [['--http', '--port', '70000'], '--port'],
    [['--max-output-bytes', '0'], '--max-output-bytes'],
  ])('%j is refused', (argv, field) => {
    expect(() => parseFlags(argv, {})).toThrow(expect.objectContaining({ code: 'invalid-argument', field }));
  });
});

describe('the command', () => {
  it.each([
    [['--nothing'], 'nothing'],
    [['--root', '/nowhere/at/all'], 'is no folder'],
    [['--plugins', 'no-such-plugin'], 'There is no plugin "no-such-plugin"'],
    [['--plugins', here('support/impostor.mjs')], 'Two plugins are named "documents"'],
    [['--http', '--host', '0.0.0.0', '--port', '0'], 'lets other machines call'],
  ])('%j ends with 2 and the remedy', async (argv, sentence) => {
    const { code, said, answered } = await run(...argv);
    expect([code, answered]).toEqual([2, '']);
    expect(said).toContain(sentence);
    expect(said).toContain('remedy');
  });

  it('ends with 0 when its client goes', async () => {
    expect(await run('--root', tmpdir())).toMatchObject({ code: 0, answered: '' });
  });
});
