// Where generated pages go and how they look: front matter, a title, and blocks of Markdown with empty lines between.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const docs = fileURLToPath(new URL('..', import.meta.url));
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Text that stands in a cell of a table, or in a paragraph, as it was meant: nothing of it is Markdown, HTML or Vue. */
export const plain = (text) =>
  String(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('|', '\\|')
    .replaceAll('{{', '{<span></span>{')
    .replace(/\s*\n\s*/g, ' ')
    .trim();

/** A piece of code in a line or in a cell. */
export const code = (text) => `\`${String(text).replaceAll('|', '\\|')}\``;

export const fence = (language, text) => `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;

export const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** @param file inside `pages` */
export function writePage(file, { title, description, source, blocks }) {
  const path = join(docs, 'pages', file);
  mkdirSync(dirname(path), { recursive: true });
  const front = [
    '---',
    `title: ${title}`,
    `description: ${description}`,
    'shape: reference',
    'editLink: false',
    '---',
  ];
  const origin = `This page is generated from ${source}: it says what is built, not what was meant.`;
  writeFileSync(path, `${[front.join('\n'), `# ${title}`, origin, ...blocks].join('\n\n')}\n`);
}
