/**
 * Drives trivium-mcp-server with the command line of the MCP inspector, a client that we did not write: tools and their
 * schemas, a cited answer over a folder, a path outside the root refused, bad input refused. Each call is a process of
 * its own, so this also shows that the server ends with its client. The inspector wants Node 22 and comes through npx, so
 * neither is a dependency. Usage: node packages/mcp-server/scripts/drive-with-inspector.mjs [FOLDER]
 * FOLDER defaults to the documentation inside the installed package `ai`.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const inspector = '@modelcontextprotocol/inspector@2.12.0';
const server = fileURLToPath(new URL('../bin/trivium-mcp-server.mjs', import.meta.url));
const root = path.resolve(
  process.argv[2] ?? fileURLToPath(new URL('../../../node_modules/ai/docs', import.meta.url)),
);
const timeoutMs = 300_000;
// Outside the workspace, whose .npmrc is strict about engines; the inspector's catalog of servers goes there too.
const scratch = mkdtempSync(path.join(tmpdir(), 'trivium-inspector-'));

/** One method of the protocol; the inspector leaves with 5 where a tool answered that it failed. */
async function call(method, ...more) {
  const command = ['--yes', '-p', 'node@22', '-p', inspector, 'mcp-inspector', '--cli'];
  // The server runs on the Node that runs this script, whatever Node the inspector wants.
  const target = [process.execPath, server, '--root', root, '--method', method, ...more];
  const options = {
    cwd: scratch,
    env: { ...process.env, MCP_CATALOG_PATH: path.join(scratch, 'mcp.json') },
    maxBuffer: 2 ** 26,
    timeout: timeoutMs,
  };
  try {
    const { stdout } = await promisify(execFile)('npx', [...command, ...target], options);
    return JSON.parse(stdout);
  } catch (error) {
    if (error.code === 5) return JSON.parse(error.stdout);
    throw error;
  }
}

const callTool = (name, ...pairs) =>
  call('tools/call', '--tool-name', name, ...pairs.flatMap((pair) => ['--tool-arg', pair]));

try {
  const { tools } = await call('tools/list');
  const names = tools.map(({ name }) => name);
  for (const name of ['documents_read', 'documents_search', 'documents_ask', 'documents_summarize'])
    assert.ok(names.includes(name), `${name} is missing from ${names}`);
  for (const { inputSchema, outputSchema } of tools) {
    assert.equal(inputSchema.type, 'object');
    assert.equal(outputSchema.type, 'object');
  }
  console.log(`tools: ${names.join(', ')}`);

  const answer = await callTool('documents_ask', 'question=How do I stop a stream?');
  assert.ok(!answer.isError, JSON.stringify(answer.content));
  const { text, citations } = answer.structuredContent;
  assert.ok(citations.length > 0);
  for (const citation of citations) {
    assert.ok(!path.isAbsolute(citation.path), citation.path);
    const source = readFileSync(path.join(root, citation.path), 'utf8');
    assert.equal(source.slice(citation.start, citation.end), citation.text);
  }
  console.log(
    `answer: ${text.slice(0, 100).replaceAll('\n', ' ')} | ${citations[0].path}:${citations[0].line}`,
  );

  const refused = await callTool('documents_search', 'query=x', 'paths=["../"]');
  assert.ok(refused.isError);
  assert.match(refused.content[0].text, /outside/);
  console.log(`outside the root: ${refused.content[0].text.split('\n')[0]}`);

  const wrong = await callTool('documents_search', 'query=x', 'limit=0');
  assert.ok(wrong.isError);
  console.log(`bad input: ${wrong.content[0].text.split('\n')[0]}`);
} finally {
  rmSync(scratch, { recursive: true });
}
