// Every link of the built site leads somewhere: to a page or file that is there, and to a place on it that is there. VitePress
// itself checks pages of Markdown; this sees what is on the page, fragments and components included.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';

/** Pages of a built site by their addresses, `/how-to/mcp`. */
export function pagesOf(site) {
  return readdirSync(site, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.html') && file !== '404.html')
    .map(
      (file) =>
        `/${file
          .split(sep)
          .join('/')
          .replace(/(^|\/)index\.html$/, '$1')
          .replace(/\.html$/, '')}`,
    )
    .sort();
}

const fileOf = (site, address) => {
  const path = join(site, decodeURIComponent(address));
  return [path, `${path}.html`, join(path, 'index.html')].find(
    (file) => /\.\w+$/.test(file) && existsSync(file),
  );
};

const plainText = (text) => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");

/** @returns sentences, one a dead link */
export function deadLinks(site) {
  const placesOf = new Map();
  const places = (file) => {
    if (!placesOf.has(file))
      placesOf.set(
        file,
        new Set([...readFileSync(file, 'utf8').matchAll(/\sid="([^"]+)"/g)].map(([, id]) => plainText(id))),
      );
    return placesOf.get(file);
  };
  const dead = [];
  for (const page of pagesOf(site)) {
    const own = fileOf(site, page);
    const html = readFileSync(own, 'utf8').replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '');
    for (const [, found] of html.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      const link = plainText(found);
      if (/^(https?:|mailto:|data:)/.test(link)) continue;
      const [path, fragment] = link.split('#');
      const base = own.endsWith('index.html') ? page : dirname(page);
      const file = path === '' ? own : fileOf(site, posix.resolve('/', base, path));
      if (!file) dead.push(`${page} links to ${link}, which is not there`);
      else if (fragment && file.endsWith('.html') && !places(file).has(decodeURIComponent(fragment)))
        dead.push(`${page} links to ${link}, but ${relative(site, file)} has no place "${fragment}"`);
    }
  }
  return [...new Set(dead)];
}
