// A registry of this machine's own, for as long as a trial lasts: keeps what is published to it and hands on what is asked of it
// otherwise to the registry that npm is configured with. Installed outside the workspaces (compat/registry).
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root } from './workspace.mjs';

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @returns the flags that make npm use it and nothing else */
export async function startRegistry(trial) {
  const folder = trial.app('registry', join(root, 'compat/registry'));
  await trial.run(folder, 'npm', [
    'install',
    '--no-package-lock',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
  ]);
  const upstream = (await trial.run(folder, 'npm', ['config', 'get', 'registry'])).trim();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const config = {
    storage: join(folder, 'storage'),
    uplinks: { upstream: { url: upstream, timeout: '60s' } },
    packages: {
      '@trivium/*': { access: '$all', publish: '$all' },
      '**': { access: '$all', proxy: 'upstream' },
    },
    max_body_size: '100mb',
    web: { enable: false },
    log: { type: 'stdout', format: 'pretty', level: 'warn' },
  };
  mkdirSync(config.storage);
  // YAML is a superset of JSON.
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(config));
  const bin = join(folder, 'node_modules/verdaccio/bin/verdaccio');
  await trial.start(folder, process.execPath, [bin, '--config', 'config.yaml', '--listen', url.slice(0, -1)]);
  // npm wants a token to publish, whatever it is.
  const npmrc = join(folder, 'npmrc');
  writeFileSync(npmrc, `registry=${url}\n//127.0.0.1:${port}/:_authToken=none\n`);
  return {
    url,
    flags: [
      '--userconfig',
      npmrc,
      '--registry',
      url,
      '--cache',
      join(folder, 'npm-cache'),
      '--no-audit',
      '--no-fund',
    ],
  };
}
