/**
 * Checks the HTTP server with clients that we did not write: Python's `openai` and `litellm`; llm-comply, which runs the
 * compliance tests of Open Responses and of OpenAI's chat; schemathesis, which makes requests from our OpenAPI document and
 * accepts no 5xx and no answer that the document does not tell of. Skips with a reason where
 * scripts/setup-http-clients.sh has not been run.
 * Usage, after a build: node packages/sdk/scripts/check-with-http-clients.mjs [--seconds 60]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Host } from '@trivium/sdk';
import { serve } from '@trivium/sdk/server';
import { obedientModel } from './obedient-model.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const clients = fileURLToPath(new URL('../../../.http-clients/bin/', import.meta.url));
if (!existsSync(join(clients, 'python'))) {
  console.log('skipped: there are no Python clients; scripts/setup-http-clients.sh installs them');
  process.exit(0);
}

const root = mkdtempSync(join(tmpdir(), 'trivium-http-clients-'));
writeFileSync(join(root, 'tea.md'), '# Tea\n\nGreen tea is steeped for two minutes.\n');
const host = new Host({ cacheDir: join(root, '.cache'), hub: { offline: true } });
const models = { obedient: obedientModel(), embedder: 'nano', reranker: 'nano' };
const onRequest = ({ status, route, fault }) => status >= 500 && console.log(`${status} ${route}\n${fault}`);
const server = await serve({ host, root, port: 0, model: 'obedient', models, onRequest });
// The suites want a call that names no model to be refused, as it is where none is set for such calls.
const strict = await serve({ host, root, port: 0, models, onRequest });

async function run(command, args) {
  const child = spawn(join(clients, command), args, { stdio: 'inherit', cwd: root });
  const [code] = await once(child, 'exit');
  if (code !== 0) {
    console.error(`${command} ended with ${code}`);
    process.exitCode = 1;
  }
}

try {
  await run('python', [fileURLToPath(new URL('drive-with-python.py', import.meta.url)), server.url]);
  for (const format of ['open-responses', 'openai-chat'])
    await run('llm-comply', [
      '--base-url',
      `${strict.url}/v1`,
      '--api-key',
      'unused',
      '--model',
      'obedient',
      '--format',
      format,
    ]);
  const checks = [
    'not_a_server_error',
    'status_code_conformance',
    'content_type_conformance',
    'response_schema_conformance',
    'response_headers_conformance',
  ];
  const options = ['--checks', checks.join(','), '--max-time', values.seconds, '--continue-on-failure'];
  // The seed makes a failure come again.
  await run('schemathesis', [
    'run',
    `${server.url}/openapi.json`,
    ...options,
    '--seed',
    '1',
    '--no-color',
    '--max-examples',
    '30',
  ]);
} finally {
  await Promise.all([server, strict].map((one) => one.close({ drainMs: 0 })));
  await host[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
}
