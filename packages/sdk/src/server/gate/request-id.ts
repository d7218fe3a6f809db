/** One id a request, for its answer and the log. */
import { randomUUID } from 'node:crypto';

const ids = new WeakMap<Request, string>();

/** The id that the client gave, where it is one, or a new one. */
export function requestIdOf(request: Request): string {
  let id = ids.get(request);
  if (id === undefined) {
    const given = request.headers.get('x-request-id') ?? '';
    id = /^[\w.:-]{1,128}$/.test(given) ? given : `req_${randomUUID().replaceAll('-', '')}`;
    ids.set(request, id);
  }
  return id;
}
