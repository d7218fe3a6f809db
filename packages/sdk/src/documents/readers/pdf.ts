/**
 * Text of a PDF page by page: lines as they stand, larger type taken as headings, gaps as paragraph ends. Offsets are into
 * this text. Scanned pages have none; a file of nothing else is skipped with that reason. Damaged pages are left out
 * with a warning.
 */
import type { getDocumentProxy } from 'unpdf';
import { Turns } from '../turns.js';
import { type Block, type ParsedSource, SkippedFile } from '../types.js';
import { wellFormed } from './well-formed.js';

type PDFDocumentProxy = Awaited<ReturnType<typeof getDocumentProxy>>;

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

/** Damaged pages in a row after which the rest is given up: a file may say that it has a hundred million. */
const hopeless = 1000;
/** Runs of damaged pages that a warning names. */
const namedRuns = 5;

/**
 * Readers of PDF look for its header in the first 1,024 bytes. In a file of another name it must stand first, and alone
 * on its line: texts speak of it too.
 */
export function isPdf(bytes: Uint8Array, isNamedPdf: boolean): boolean {
  const head = Buffer.from(bytes.subarray(0, 1024)).toString('latin1');
  return isNamedPdf ? head.includes('%PDF') : /^\s*%PDF-\d\.\d[ \t]*[\r\n%]/.test(head);
}

/**
 * Damaged pages are left out, and `warnings` says which.
 * @throws SkippedFile for what has no page that can be read, or no text; between two pages the signal's reason
 */
export async function readPdf(bytes: Uint8Array, name: string, signal?: AbortSignal): Promise<ParsedSource> {
  const { getDocumentProxy } = await import('unpdf');
  const document = await getDocumentProxy(Uint8Array.from(bytes), { verbosity: 0 }).catch(refuse);
  try {
    const title = await titleOf(document);
    const { lines, damage } = await readPages(document, signal);
    if (lines.length === 0 && damage) refuse(damage.error);
    if (lines.length === 0) throw new SkippedFile('the PDF holds no text (scanned pages?)');
    const warnings = damage && [warningOf(damage)];
    return {
      mediaType: 'application/pdf',
      ...layOut(lines, title || name),
      ...(warnings && { warnings }),
    };
  } finally {
    await document.destroy();
  }
}

function refuse({ name, message }: Error): never {
  throw new SkippedFile(
    name === 'PasswordException' ? 'the PDF needs a password' : `not a readable PDF: ${message}`,
  );
}

async function titleOf(document: PDFDocumentProxy): Promise<string> {
  const { info } = (await document.getMetadata().catch(() => ({}))) as { info?: { Title?: unknown } };
  return typeof info?.Title === 'string' ? info.Title.trim() : '';
}

/** The pages that cannot be read. */
interface Damage {
  /** First and last page of each run, in order; the last of them Infinity where nothing was read behind it. */
  runs: [first: number, last: number][];
  /** What the first of them suffers from. */
  error: Error;
}

async function readPages(document: PDFDocumentProxy, signal: AbortSignal | undefined) {
  const lines: Line[] = [];
  const turns = new Turns(signal);
  let damage: Damage | undefined;
  let damaged = 0;
  for (let number = 1; number <= document.numPages && damaged < hopeless; number++) {
    await turns.next();
    try {
      const page = await document.getPage(number);
      const { items } = await page.getTextContent();
      collectLines(items as TextItem[], number, lines);
      page.cleanup();
      damaged = 0;
    } catch (error) {
      damage ??= { runs: [], error: error as Error };
      damaged++;
      if (damaged === 1) damage.runs.push([number, number]);
      else damage.runs.at(-1)![1] = number;
    }
  }
  // How many pages a damaged tree of them had, nobody knows.
  if (damaged > 0) damage!.runs.at(-1)![1] = Number.POSITIVE_INFINITY;
  return { lines, damage };
}

function warningOf({ runs, error }: Damage): string {
  const names = runs
    .slice(0, namedRuns)
    .map(([first, last]) =>
      first === last ? `${first}` : `${first} to ${last === Number.POSITIVE_INFINITY ? 'the end' : last}`,
    );
  const more = runs.length > namedRuns ? ' and more' : '';
  return `pages that cannot be read: ${names.join(', ')}${more} (${error.message})`;
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

function layOut(lines: Line[], title: string) {
  const body = bodyHeight(lines);
  const pages = new Int32Array(lines.at(-1)!.page);
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
