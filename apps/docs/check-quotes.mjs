// What pages quote is there: VitePress shows a sentence where a file or a region is missing, and builds on. And no TypeScript
// stands on a page that neither twoslash checks nor an example runs.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const region = (name, end = '') => new RegExp(`^\\s*(?://|#) ?#?${end}region ${name}\\s*$`, 'm');

function quoteFault(pages, quoted) {
  const [, path, name] = /^(?:@\/)?([^#{\s]+)(?:#([\w-]+))?/.exec(quoted) ?? [];
  const file = path && resolve(pages, path);
  if (!file || !existsSync(file)) return `quotes ${quoted}, which is not there`;
  if (name === undefined) return undefined;
  const text = readFileSync(file, 'utf8');
  const isWhole = region(name).test(text) && region(name, 'end').test(text);
  return isWhole ? undefined : `quotes the region ${name} of ${path}, which has none`;
}

/** @returns sentences, one a fault, of all Markdown below `pages` but the references of the API, which TypeDoc writes */
export function quoteFaults(pages) {
  const files = readdirSync(pages, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.md') && !file.startsWith('api'));
  return files.flatMap((file) => {
    const text = readFileSync(join(pages, file), 'utf8');
    const quotes = [...text.matchAll(/^<<< (.+)$/gm)].map(([, quoted]) => quoteFault(pages, quoted));
    const unchecked = [...text.matchAll(/^```ts(?! twoslash\b).*$/gm)].map(
      ([fence]) => `holds TypeScript that nothing checks (${fence})`,
    );
    return [...quotes, ...unchecked].filter(Boolean).map((fault) => `${file} ${fault}`);
  });
}
