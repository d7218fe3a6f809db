// #region agent
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const client = new Client({ name: 'an-agent', version: '1.0.0' });
await client.connect(
  new StdioClientTransport({
    command: 'npx',
    args: ['trivium-mcp-server', '--root', './handbook'],
  }),
);
const { tools } = await client.listTools();
console.log(tools.map(({ name }) => name).join(', '));

const result = await client.callTool({
  name: 'documents_ask',
  arguments: { question: 'How do I stop a stream?', limit: 1 },
});
console.log(result.content);
await client.close();
// #endregion agent
