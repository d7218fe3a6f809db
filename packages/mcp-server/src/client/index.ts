/** Any MCP server's tools as tools of the AI SDK. Needs `ai` beside it. */
export { connectMcp, type McpConnection, type McpConnectionOptions } from './connect-mcp.js';
export type { McpToolOutput, ToolProgress } from './remote-tool.js';
export type { CommandTarget, McpTarget, UrlTarget } from './transports.js';
