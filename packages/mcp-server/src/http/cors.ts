/** What a browser must be told so that an allowed page may read the answer. */

export function corsHeaders(
  { headers }: Request,
  isAllowed: (origin: string) => boolean,
): Record<string, string> {
  const origin = headers.get('origin');
  if (origin === null || !isAllowed(origin)) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers':
      'authorization, content-type, accept, last-event-id, mcp-session-id, mcp-protocol-version, mcp-method, mcp-name',
    'access-control-expose-headers': 'mcp-session-id, mcp-protocol-version, www-authenticate',
    vary: 'origin',
  };
}
