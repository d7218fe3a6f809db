// The built site on a port of this machine, with addresses that have no `.html`, as a host of static files serves it.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

function fileOf(site, address) {
  const path = join(site, normalize(decodeURIComponent(address.split(/[?#]/)[0])));
  const candidates = [path, `${path}.html`, join(path, 'index.html')];
  return path.startsWith(site)
    ? candidates.find((file) => existsSync(file) && statSync(file).isFile())
    : undefined;
}

/** @returns { url, close } */
export async function serveSite(site) {
  const server = createServer((request, response) => {
    const file = fileOf(site, request.url ?? '/');
    response.writeHead(file ? 200 : 404, {
      'content-type': types[extname(file ?? '')] ?? 'application/octet-stream',
    });
    if (file) createReadStream(file).pipe(response);
    else response.end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
