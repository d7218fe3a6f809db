/**
 * The playground as static files behind the server's gate: read once, when the server starts, so that no request opens a
 * file. The page may load nothing that does not come from here. Knows no page: whatever was built into the folder is served.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MountedHandler } from '@trivium/sdk/server';

export const playgroundPath = '/playground';

const mediaTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** `data:` and `blob:` are for what the page makes by itself; React sets styles by script, which no policy forbids. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface StaticFile {
  bytes: Uint8Array<ArrayBuffer>;
  headers: Record<string, string>;
}

/** The files beside the built command. */
const builtFolder = fileURLToPath(new URL('./playground/', import.meta.url));

/** The page, or nothing where it was not built. It asks for no key: it holds nothing, and asks for one itself. */
export function playgroundMount(folder = builtFolder): MountedHandler | undefined {
  if (!existsSync(join(folder, 'index.html'))) return undefined;
  const files = readFiles(folder);
  return { path: playgroundPath, isOpen: true, fetch: (request) => answer(request, files) };
}

function readFiles(folder: string): Map<string, StaticFile> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => {
        const path = relative(folder, join(parentPath, name)).split(sep).join('/');
        return [path, fileOf(path, readFileSync(join(parentPath, name)))];
      }),
  );
}

function fileOf(path: string, bytes: Buffer): StaticFile {
  const isNamedByContent = path.startsWith('assets/');
  return {
    bytes: new Uint8Array(bytes),
    headers: {
      'content-type': mediaTypes[extname(path)] ?? 'application/octet-stream',
      'cache-control': isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    },
  };
}

function answer(request: Request, files: ReadonlyMap<string, StaticFile>): Response {
  const { pathname, search } = new URL(request.url);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } });
  // Relative addresses in the page want the slash.
  if (pathname.endsWith(playgroundPath))
    return new Response(null, { status: 308, headers: { location: `${pathname}/${search}` } });
  const path = pathname.slice(pathname.indexOf(`${playgroundPath}/`) + playgroundPath.length + 1);
  const file = files.get(path === '' ? 'index.html' : path);
  if (!file) return new Response('There is no such file.', { status: 404 });
  if (request.headers.get('if-none-match') === file.headers.etag)
    return new Response(null, { status: 304, headers: file.headers });
  return new Response(request.method === 'HEAD' ? null : file.bytes, { headers: file.headers });
}
