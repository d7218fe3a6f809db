// `trivium serve` as people start it, over a folder of documents, on a free port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** @returns { url, root, stop } */
export async function startServer({ flags = [], env = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'trivium-playground-'));
  const root = join(folder, 'handbook');
  cpSync(join(repository, 'examples/guide/handbook'), root, { recursive: true });
  const command = [join(repository, 'packages/cli/bin/trivium.mjs'), 'serve', '--port', '0', '--root', root];
  const child = spawn(process.execPath, [...command, '--model', 'nano', '--quiet', ...flags], {
    env: { ...process.env, TRIVIUM_CACHE_DIR: join(folder, 'cache'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let notes = '';
  child.stderr.on('data', (chunk) => {
    notes += chunk;
  });
  const ended = once(child, 'exit');
  const line = once(createInterface(child.stdout), 'line').then(([text]) => text);
  const url = await Promise.race([line, ended.then(() => Promise.reject(new Error(notes)))]);
  return {
    url,
    root,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
