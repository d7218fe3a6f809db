/** What a browser must be told before a page of an allowed origin may read an answer. */

/** Headers that pages may read beside the simple ones. */
const exposed = 'x-request-id, retry-after, location, x-vercel-ai-ui-message-stream';

const daySeconds = 86_400;

/** @param origin an origin that is allowed; `undefined` where no page asks */
export function corsHeaders(origin: string | undefined): Record<string, string> {
  if (origin === undefined) return {};
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': exposed, vary: 'origin' };
}

/** The answer to a browser that asks before it sends. */
export function preflight(request: Request): Response {
  const headers = request.headers.get('access-control-request-headers');
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, POST, PUT, DELETE',
      ...(headers !== null && { 'access-control-allow-headers': headers }),
      'access-control-max-age': String(daySeconds),
    },
  });
}
