/**
 * Text of a PDF page by page: lines as they stand, larger type taken as headings, gaps as paragraph ends. Offsets are into
 * this text. Scanned pages have none; a file of nothing else is skipped with that reason.
 */
import { type Block, type ParsedSource, SkippedFile } from '../types.js';
import { wellFormed } from './well-formed.js';

interface Line {
  text: string;
  height: number;
  y: number;
  page: number;
}

interface TextItem {
  str: string;
  hasEOL: boolean;
  height: number;
  transform: number[];
}

export async function readPdf(bytes: Uint8Array, name: string): Promise<ParsedSource> {
  const { getDocumentProxy } = await import('unpdf');
  let lines: Line[];
  let pageCount: number;
  let title: string | undefined;
  try {
    const document = await getDocumentProxy(Uint8Array.from(bytes), { verbosity: 0 });
    try {
      pageCount = document.numPages;
      const { info } = (await document.getMetadata()) as { info?: { Title?: unknown } };
      if (typeof info?.Title === 'string' && info.Title.trim()) title = info.Title.trim();
      lines = [];
      for (let number = 1; number <= pageCount; number++) {
        const page = await document.getPage(number);
        const { items } = await page.getTextContent();
        collectLines(items as TextItem[], number, lines);
        page.cleanup();
      }
    } finally {
      await document.destroy();
    }
  } catch (error) {
    const { name: kind, message } = error as Error;
    throw new SkippedFile(
      kind === 'PasswordException' ? 'the PDF needs a password' : `not a readable PDF: ${message}`,
    );
  }
  if (lines.length === 0) throw new SkippedFile('the PDF holds no text (scanned pages?)');
  return { mediaType: 'application/pdf', ...layOut(lines, pageCount, title ?? name) };
}

function collectLines(items: TextItem[], page: number, lines: Line[]): void {
  let text = '';
  let height = 0;
  let y = 0;
  const close = () => {
    const trimmed = wellFormed(text.trim());
    if (trimmed) lines.push({ text: trimmed, height, y, page });
    text = '';
    height = 0;
  };
  for (const item of items) {
    if (item.str === undefined) continue;
    if (item.str.trim()) {
      height = Math.max(height, item.height);
      y = item.transform[5] ?? 0;
    }
    text += item.str;
    if (item.hasEOL) close();
  }
  close();
}

function layOut(lines: Line[], pageCount: number, title: string) {
  const body = bodyHeight(lines);
  const pages = new Int32Array(pageCount);
  const blocks: Block[] = [];
  let text = '';
  let previous: Line | undefined;
  let page = 0;
  for (const line of lines) {
    const heading = line.height > 1.15 * body && line.text.length < 200;
    const samePage = previous?.page === line.page;
    const gap = previous && samePage ? Math.abs(previous.y - line.y) : 0;
    const goesOn =
      blocks.at(-1)?.kind === (heading ? 'heading' : 'paragraph') &&
      samePage &&
      gap < 1.7 * Math.max(line.height, 1);
    if (text) text += goesOn ? '\n' : '\n\n';
    while (page < line.page) pages[page++] = text.length;
    if (!goesOn) {
      const block: Block = { kind: heading ? 'heading' : 'paragraph', start: text.length, end: 0 };
      if (heading) block.level = line.height > 1.6 * body ? 1 : 2;
      blocks.push(block);
    }
    text += line.text;
    blocks.at(-1)!.end = text.length;
    previous = line;
  }
  while (page < pageCount) pages[page++] = text.length;
  return { text, title, blocks, pages };
}

/** The height most characters have. */
function bodyHeight(lines: Line[]): number {
  const characters = new Map<number, number>();
  for (const { height, text } of lines) {
    const key = Math.round(height * 2) / 2;
    characters.set(key, (characters.get(key) ?? 0) + text.length);
  }
  return [...characters].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0])[0] || 1;
}
