/**
 * Runs the MCP conformance suite, which we did not write, against `examples/conformance-server`: all scenarios, no expected
 * failures. The suite is no dependency: it is installed into a temporary folder through npm, and where that cannot be done the
 * run is skipped with the reason. Usage: node packages/mcp-server/scripts/conformance.mjs [--installed FOLDER] [--scenario NAME]
 * FOLDER is one whose node_modules has the suite already.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const suite = '@modelcontextprotocol/conformance';
const version = '0.1.13';
const { values } = parseArgs({ options: { installed: { type: 'string' }, scenario: { type: 'string' } } });
const scratch = mkdtempSync(path.join(tmpdir(), 'trivium-conformance-'));

/** The suite's program. @returns {Promise<string | undefined>} */
async function installed() {
  const folder = values.installed ?? scratch;
  const program = path.join(folder, 'node_modules', suite, 'dist/index.js');
  if (existsSync(program)) return program;
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', scratch];
  try {
    // Outside the workspace, whose .npmrc is strict about engines.
    await promisify(execFile)('npm', [...args, `${suite}@${version}`], { cwd: scratch, timeout: 120_000 });
    return path.join(scratch, 'node_modules', suite, 'dist/index.js');
  } catch (error) {
    console.log(
      `skipped: npm could not install ${suite}@${version}: ${String(error.message).split('\n')[0]}`,
    );
    return undefined;
  }
}

/** @returns {Promise<{ url: string, stop: () => Promise<void> }>} */
async function startServer() {
  const file = fileURLToPath(new URL('../../../examples/conformance-server/server.mjs', import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [url] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    url,
    async stop() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

async function main() {
  const program = await installed();
  if (!program) return 0;
  const server = await startServer();
  try {
    const chosen = values.scenario ? ['--scenario', values.scenario] : ['--suite', 'all'];
    const args = [program, 'server', '--url', server.url, ...chosen];
    // Where it runs it leaves its results.
    const child = spawn(process.execPath, args, { cwd: scratch, stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    if (child.exitCode === null) await once(child, 'exit');
    const summary = lines.findIndex((line) => line.includes('=== SUMMARY ==='));
    console.log(lines.slice(child.exitCode === 0 && summary >= 0 ? summary : 0).join('\n'));
    return child.exitCode ?? 1;
  } finally {
    await server.stop();
  }
}

try {
  process.exitCode = await main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
