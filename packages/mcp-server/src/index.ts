/** Trivium over MCP: capabilities, documents and prompts as one surface, and what serves a surface. */
export { type CapabilityTool, type ToolSettings, toolsOf } from './capability-tools.js';
export { createMcpFetch, type McpFetch, type McpFetchSettings } from './http/mcp-fetch.js';
export { type HttpServer, type ServeHttpSettings, serveHttp } from './http/serve-http.js';
export { main } from './main.js';
export { createServer } from './serve-sdk-v1.js';
export { createModernServer } from './serve-sdk-v2.js';
export { serveStdio } from './serve-stdio.js';
export type { ContentBlock, EmbeddedContents } from './surface/content.js';
export type * from './surface/surface.js';
export { type SurfaceSettings, triviumSurface } from './trivium-surface.js';
