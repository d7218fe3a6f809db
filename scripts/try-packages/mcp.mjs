import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const client = new Client({ name: 'try', version: '1' });
await client.connect(
  new StdioClientTransport({ command: 'npx', args: ['trivium-mcp-server', '--root', '.'], env: process.env }),
);
const { tools } = await client.listTools();
console.log(tools.map(({ name }) => name).join(' '));
await client.close();
