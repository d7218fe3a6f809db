/** What keeps the documentation true, tried on small sites: links, quotes, figures. The site itself is built by `npm run docs`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contracts, triviumErrorCodes } from '@trivium/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { deadLinks, pagesOf } from '../check-links.mjs';
import { quoteFaults } from '../check-quotes.mjs';
import { evidence, speedUps } from '../generate/benchmarks.mjs';
import { meanings } from '../generate/errors.mjs';
import { fieldTable, progressList } from '../generate/fields.mjs';

const folders: string[] = [];
function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'trivium-docs-'));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('links', () => {
  it('lead to pages, files and places, from pages at any depth', () => {
    const site = folderOf({
      'index.html':
        '<a href="/a/b#there">b</a><a href="./a/">a</a><img src="/x.svg"><a href="https://x.y/z">out</a>',
      'a/index.html': '<a href="./b.html">b</a><a href="../">home</a><a href="#top" id="top">top</a>',
      'a/b.html': '<h2 id="there">there</h2>',
      'x.svg': '',
    });
    expect(pagesOf(site)).toEqual(['/', '/a/', '/a/b']);
    expect(deadLinks(site)).toEqual([]);
  });

  it('that lead nowhere are named with their page', () => {
    const site = folderOf({
      'index.html': '<a href="/gone">1</a><a href="/b#nowhere">2</a>',
      'b.html': '<a href="x.png">3</a>',
    });
    expect(deadLinks(site)).toEqual([
      '/ links to /gone, which is not there',
      '/ links to /b#nowhere, but b.html has no place "nowhere"',
      '/b links to x.png, which is not there',
    ]);
  });
});

describe('quotes', () => {
  it('of the pages of the site are all there', () => {
    expect(quoteFaults(fileURLToPath(new URL('../pages', import.meta.url)))).toEqual([]);
  });

  it('of what is missing are named, and so is TypeScript that nothing checks', () => {
    const pages = folderOf({
      'page.md': '<<< @/code.ts#one{ts}\n<<< @/code.ts#two{ts}\n<<< @/gone.ts\n\n```ts\nlet x;\n```\n',
      'code.ts': '// #region one\n1;\n// #endregion one\n',
    });
    expect(quoteFaults(pages)).toEqual([
      'page.md quotes the region two of code.ts, which has none',
      'page.md quotes @/gone.ts, which is not there',
      'page.md holds TypeScript that nothing checks (```ts)',
    ]);
  });
});

describe('figures', () => {
  it('come from the table of the evidence', () => {
    const rows = evidence(
      '# E\n\n| claim | command | last figure | machine, date | state |\n|---|---|---|---|---|\n' +
        '| prefill beside node-llama-cpp | `run` | AVX-512: Q4_0 1.98x and 1.82x (252), Q8_0 2.46x and 1.29x; AVX2: Q4_0 2.03x and 1.95x. | B | shown |\n',
    );
    expect(rows).toHaveLength(1);
    expect(speedUps(rows)?.sets).toEqual([
      {
        isa: 'AVX-512',
        types: [
          { type: 'Q4_0', prefill: 1.98, decode: 1.82 },
          { type: 'Q8_0', prefill: 2.46, decode: 1.29 },
        ],
      },
      { isa: 'AVX2', types: [{ type: 'Q4_0', prefill: 2.03, decode: 1.95 }] },
    ]);
    expect(() => evidence('# E\n\n| a | b |\n|---|---|\n| 1 | 2 |\n')).toThrow(/no table/);
  });
});

describe('references', () => {
  it('know every error code, and no other', () => {
    expect(Object.keys(meanings).sort()).toEqual([...triviumErrorCodes].sort());
  });

  it('show fields with types, bounds and defaults, of lists of objects too', () => {
    const given = fieldTable(contracts.search.input, 'input');
    expect(given).toContain('| `query` | `string` | yes | What to look for |');
    expect(given).toContain(
      '| `limit` | `integer` |  | How many hits at most; at least 1; at most 1000; default `10` |',
    );
    const got = fieldTable(contracts.search.output, 'output');
    expect(got).toContain('| `hits` | `object[]` |  |');
    expect(got).toContain('| `hits[].line` | `integer` | Line of the first character, from 1 |');
    expect(fieldTable(contracts.jobsList.input, 'input')).toContain('`"queued" \\| "running"');
    expect(fieldTable(contracts.modelsList.input, 'input')).toBeUndefined();
  });

  it('list the kinds of progress of a contract', () => {
    expect(progressList(contracts.ask.progress)).toEqual([
      '- `download-progress`: `file`, `bytes`, `totalBytes`',
      '- `load-progress`: `share`',
      '- `read-progress`: `path`, `done`, `total`',
      '- `warning`: `message`, `path`',
      '- `text-delta`: `text`',
    ]);
    expect(progressList(contracts.embed.progress)).toEqual([]);
  });
});
