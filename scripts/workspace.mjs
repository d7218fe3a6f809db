// What the workspace scripts share: where things are, and how a step is run and reported.
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Whether this module is what Node was asked to run, by whatever link and in whatever folder: `isMain(import.meta.url)`. */
export const isMain = (url) =>
  process.argv[1] !== undefined && url === pathToFileURL(realpathSync(process.argv[1])).href;

/** Packages in the order in which they build: arrows point one way. */
export const packages = ['protocol', 'native', 'nano', 'sdk', 'mcp-server', 'cli', 'react'];

/**
 * Runs a command in `cwd`, echoing its output unless `quiet`; answers { code, output }.
 * Output of a quiet step is shown when it fails, so nothing is lost.
 */
export function run(command, args, { cwd = root, quiet = false, env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (stream) => (chunk) => {
      output += chunk;
      if (!quiet) stream.write(chunk);
    };
    child.stdout.on('data', take(process.stdout));
    child.stderr.on('data', take(process.stderr));
    child.on('error', (error) => resolve({ code: 127, output: String(error) }));
    child.on('close', (code) => {
      if (code !== 0 && quiet) process.stderr.write(output);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** Stops the script at the first failing step and names it. */
export async function must(name, command, args, options) {
  const started = Date.now();
  const { code, output } = await run(command, args, options);
  if (code !== 0) {
    console.error(`\n${name} failed (${command} ${args.join(' ')}).`);
    process.exit(1);
  }
  console.error(`${name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return output;
}
