/** `trivium-mcp-server`: the SDK's capabilities over stdio. Standard output is protocol only. */
import { realpath, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { documents, Host, models } from '@trivium/sdk';
import { createServer } from './serve-sdk-v1.js';
import { toolsOf } from './tools.js';

export { createServer } from './serve-sdk-v1.js';
export { type Tool, type ToolResult, type ToolSettings, toolsOf } from './tools.js';

declare const VERSION: string;

const help = `trivium-mcp-server --root DIR [--read-only] [--allow-network] [--allow-destructive]

Serves the documents in DIR to an MCP client over standard input and output.

  --root DIR            the only folder that is read (default: the current one)
  --read-only           leave out tools that write files
  --allow-network       offer tools that download, and let models be hf:org/repo
  --allow-destructive   offer tools that remove or overwrite
  --help                this text`;

interface Flags {
  root?: string;
  'read-only'?: boolean;
  'allow-network'?: boolean;
  'allow-destructive'?: boolean;
  help?: boolean;
}

/** @returns the exit code, once the client has gone */
export async function main(argv: readonly string[]): Promise<number> {
  let values: Flags;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        root: { type: 'string' },
        'read-only': { type: 'boolean' },
        'allow-network': { type: 'boolean' },
        'allow-destructive': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    process.stderr.write(`trivium-mcp-server: ${(error as Error).message}\n`);
    return 2;
  }
  if (values.help) {
    process.stderr.write(`${help}\n`);
    return 0;
  }
  const wanted = values.root ?? process.cwd();
  if (
    !(await stat(wanted).then(
      (found) => found.isDirectory(),
      () => false,
    ))
  ) {
    process.stderr.write(
      `trivium-mcp-server: ${wanted} is no folder.\n  remedy: give an existing folder with --root.\n`,
    );
    return 2;
  }
  const root = await realpath(wanted);
  const readOnly = values['read-only'] ?? false;
  const allowNetwork = values['allow-network'] ?? false;
  // The host has its own word on it: what no tool should do is not done by way of another either.
  await using host = new Host(allowNetwork && !readOnly ? {} : { hub: { offline: true } });
  const allowDestructive = values['allow-destructive'] ?? false;
  const server = createServer(
    toolsOf([documents, models], { host, root, readOnly, allowNetwork, allowDestructive }),
    VERSION,
  );
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
    process.stdin.once('end', resolve).once('close', resolve);
    process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve());
  });
  await server.connect(new StdioServerTransport());
  await closed;
  await server.close();
  return 0;
}
