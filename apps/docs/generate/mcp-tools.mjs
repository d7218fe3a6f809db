// The reference of the MCP server: its flags, and every tool with the schemas and hints that a client is given.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { toolsOf } from '@trivium/mcp-server';
import { documents, Host, jobs, models } from '@trivium/sdk';
import { jsonFieldTable } from './fields.mjs';
import { code, docs, fence, plain, root, table, writePage } from './write-page.mjs';

const bin = join(root, 'packages/mcp-server/bin/trivium-mcp-server.mjs');

/** Help goes to standard error there, for standard output is the protocol's. */
const flags = () => {
  const { stdout, stderr } = spawnSync(process.execPath, [bin, '--help'], { encoding: 'utf8' });
  return stdout || stderr;
};

export async function writeMcpTools() {
  const host = new Host({ hub: { offline: true } });
  const plugins = [documents, models, jobs];
  const settings = { host, root: docs };
  const offered = new Set(toolsOf(plugins, settings).map(({ name }) => name));
  const readOnly = new Set(toolsOf(plugins, { ...settings, readOnly: true }).map(({ name }) => name));
  const tools = toolsOf(plugins, { ...settings, allowNetwork: true, allowDestructive: true });
  const needs = ({ name, annotations }) => {
    if (!offered.has(name))
      return [
        annotations.destructiveHint && '`--allow-destructive`',
        annotations.openWorldHint && '`--allow-network`',
      ]
        .filter(Boolean)
        .join(', ');
    return readOnly.has(name) ? '' : 'left out by `--read-only`';
  };
  writePage('reference/mcp-tools.md', {
    title: 'MCP tools',
    description: 'The tools of the MCP server with their schemas and hints.',
    source: 'the tool objects of `@trivium/mcp-server`',
    blocks: [
      'How to put the server into an agent is told in [MCP in an agent](/how-to/mcp).',
      fence('txt', flags()),
      table(
        ['tool', 'what it does', 'permission'],
        tools.map((tool) => [`[${code(tool.name)}](#${tool.name})`, plain(tool.title), needs(tool)]),
      ),
      ...tools.flatMap((tool) => [
        `## ${tool.name} {#${tool.name}}`,
        plain(tool.description),
        table(
          ['read only', 'destructive', 'idempotent', 'open world'],
          [
            ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'].map((hint) =>
              tool.annotations[hint] ? 'yes' : 'no',
            ),
          ],
        ),
        '**Arguments**',
        jsonFieldTable(tool.inputSchema, 'input') ?? 'None.',
        '**Structured content**',
        jsonFieldTable(tool.outputSchema, 'output') ?? 'None.',
      ]),
    ],
  });
  await host[Symbol.asyncDispose]();
}
