/** MCP over Streamable HTTP beside the server's own routes: the same capabilities, folder and permissions, behind the same gate. */

import { createMcpFetch, type SurfaceSettings, triviumSurface } from '@trivium/mcp-server';
import type { Plugin } from '@trivium/protocol';
import { callerOf, type MountedHandler } from '@trivium/sdk/server';

export const mcpPath = '/mcp';

/** @throws TriviumError `invalid-argument` where two tools would have one name */
export function mcpMount(
  plugins: readonly Plugin[],
  settings: SurfaceSettings,
): MountedHandler & AsyncDisposable {
  const mcp = createMcpFetch({
    surface: triviumSurface(plugins, settings),
    // Who comes here has passed the server's gate, which knows its names, origins and keys.
    allowedHosts: ['*'],
    allowedOrigins: ['*'],
    callerOf,
  });
  return { path: mcpPath, fetch: mcp.fetch, [Symbol.asyncDispose]: () => mcp.close() };
}
