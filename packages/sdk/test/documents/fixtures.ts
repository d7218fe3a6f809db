/** Files and embedders that tests make themselves. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DocumentEmbedder } from '../../src/documents/index.js';

export interface Folder extends AsyncDisposable {
  path: string;
  write(name: string, content: string | Uint8Array): Promise<string>;
}

export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'trivium-documents-'));
  return {
    path,
    async write(name, content) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      return file;
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** A PDF with one line of text an entry, in 12 points, or as large as the entry says. */
export function makePdf(pages: { text: string; size?: number }[][]): Uint8Array {
  const objects: string[] = ['<< /Type /Catalog /Pages 2 0 R >>'];
  const kids = pages.map((_, index) => `${4 + index * 2} 0 R`).join(' ');
  objects.push(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`);
  objects.push('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>');
  pages.forEach((lines, index) => {
    let y = 760;
    const stream = lines
      .map(({ text, size = 12 }) => {
        y -= size * 1.3;
        return `BT /F1 ${size} Tf 50 ${y} Td (${text.replace(/[()\\]/g, '\\$&')}) Tj ET`;
      })
      .join('\n');
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${5 + index * 2} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
    );
    objects.push(`<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`);
  });
  let file = '%PDF-1.4\n';
  const offsets = objects.map((body, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${body}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${file.indexOf('xref\n')}\n%%EOF\n`;
  return new TextEncoder().encode(file);
}

/** The same PDF with a number where the given page, from 1, should stand. */
export function damagePage(pdf: Uint8Array, page: number): Uint8Array {
  const object = new RegExp(`^(${2 + 2 * page} 0 obj\n)(.*)$`, 'm');
  const damaged = Buffer.from(pdf)
    .toString('latin1')
    .replace(object, (_, head: string, body: string) => head + '42'.padEnd(body.length));
  return Buffer.from(damaged, 'latin1');
}

const concepts: [number, RegExp][] = [
  [0, /\bcats?\b|猫/gi],
  [1, /\bstreams?\b|流/gi],
  [2, /\bcache\b|缓存/gi],
  [3, /\berrors?\b|错误/gi],
];

/** Counts of a few concepts in either language: knows that 猫 is a cat, and nothing else. */
export function conceptEmbedder(calls: string[][] = [], delay = 0): DocumentEmbedder {
  const width = 8;
  return {
    id: 'concepts',
    width,
    async embed(texts, { signal }) {
      calls.push([...texts]);
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      signal?.throwIfAborted();
      const embeddings = new Float32Array(texts.length * width);
      texts.forEach((text, row) => {
        for (const [at, pattern] of concepts) embeddings[row * width + at] = text.match(pattern)?.length ?? 0;
        embeddings[row * width + 7] = 0.1;
      });
      return { embeddings, inputTokens: texts.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0) };
    },
  };
}

/** A generator of numbers in [0, 1) that repeats. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
