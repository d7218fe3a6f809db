/**
 * Blocks of Markdown, MDX and reStructuredText by their lines. A sketch of the grammars that is exact about what
 * passages need: where headings, fenced code, comments, lists and tables begin and end. The text itself is left as it
 * is.
 */
import { headingTitle, titleCharacters } from '../chunk-document.js';
import type { Block, BlockKind } from '../types.js';
import { beginning, lines } from './text-blocks.js';

/** Behind backticks stands no other: ```` ```npm i``` ```` is code within a line. */
const fence = /^ {0,3}(`{3,}(?!.*`)|~{3,})/;
/** HTML whose lines are no Markdown, and the line that ends it: kinds 1 to 5 of the HTML blocks of CommonMark. */
const rawHtml: [opening: RegExp, end: RegExp][] = [
  [/^ {0,3}<(?:pre|script|style|textarea)(?:[\s>]|$)/i, /<\/(?:pre|script|style|textarea)>/i],
  [/^ {0,3}<!--/, /-->/],
  [/^ {0,3}<\?/, /\?>/],
  [/^ {0,3}<![a-z]/i, />/],
  [/^ {0,3}<!\[CDATA\[/, /\]\]>/],
];
/** A component of MDX whose properties go on over lines: what it says is a table, not prose. */
const component = /^ {0,3}<[A-Z][\w.]*(\s[^>]*)?$/;
const item = /^\s*([-*+]|\d{1,9}[.)])\s/;
const underline = /^ {0,3}(=+|-+)\s*$/;
const restUnderline = /^([=\-~^"'`#*+:.<>_])\1{2,}\s*$/;
/**
 * YAML between `---` lines: right below the first stands an entry or a comment, else it is a line across the page. Comments
 * alone are none either, for so look headings.
 */
const frontMatter =
  /^---[ \t]*\r?\n(?!\s*\n)(?:[ \t]*(?:#.*)?\r?\n)*["']?[\p{L}\p{N}_$@./-]+["']?[ \t]*:(?=\s)[\s\S]{0,8000}?\r?\n---[ \t]*(?:\r?\n|$)/u;
/** Their values go on over indented lines, also below `|` and `>-`. */
const entryOf = (key: string) =>
  new RegExp(`^${key}:[ \\t]*(?:[|>][-+\\d]*[ \\t]*$)?(.*(?:\\r?\\n(?:[ \\t].*|(?=\\r?\\n)))*)`, 'm');
const titleEntry = entryOf('title');
const descriptionEntry = entryOf('description');

export function markdownBlocks(text: string, restructured: boolean): { blocks: Block[]; title?: string } {
  const scanner = new BlockScanner(text, restructured);
  const from = scanner.frontMatter();
  for (const line of lines(text)) if (line.start >= from) scanner.line(line.start, line.end);
  scanner.close();
  const { blocks } = scanner;
  const first =
    blocks.find(({ kind, level }) => kind === 'heading' && level === 1) ??
    blocks.find(({ kind }) => kind === 'heading');
  const title =
    scanner.title ??
    (first && headingTitle(text.slice(first.start, Math.min(first.end, first.start + titleCharacters))));
  return title ? { blocks, title } : { blocks };
}

/** Whether a line is a fence at least as long as the one that opened. */
const isFence = (line: string, opening: string) =>
  line.startsWith(opening) && line.replaceAll(opening[0]!, '') === '';

class BlockScanner {
  readonly blocks: Block[] = [];
  title: string | undefined;
  readonly #text: string;
  readonly #restructured: boolean;
  readonly #underlines: string[] = [];
  #kind: BlockKind | undefined;
  #start = 0;
  #end = 0;
  #lastLine = 0;
  /** Whether a line ends the open block, in which lines are taken as they are: fenced code, comments. */
  #isEnd: ((line: string) => boolean) | undefined;
  #directive = false;
  #component = false;
  /** Whether a blank line stands between the open block and what comes next. */
  #parted = false;

  constructor(text: string, restructured: boolean) {
    this.#text = text;
    this.#restructured = restructured;
  }

  /** Skips YAML between `---` lines at the top, but takes its title and description. Returns where the rest begins. */
  frontMatter(): number {
    const from = beginning(this.#text);
    const yaml = frontMatter.exec(this.#text.slice(from, from + 8200))?.[0];
    if (yaml === undefined) return from;
    const title = titleEntry.exec(yaml)?.[1] ?? '';
    this.title =
      title
        .replace(/\s+/g, ' ')
        .trim()
        .replace(/^["']?(.*?)["']?$/, '$1') || undefined;
    const description = descriptionEntry.exec(yaml);
    if (description && description[1]!.trim() !== '') {
      const start = from + description.index;
      this.blocks.push({ kind: 'paragraph', start, end: start + description[0].trimEnd().length });
    }
    return from + yaml.length;
  }

  line(start: number, end: number): void {
    const head = this.#text.slice(start, Math.min(end, start + 240));
    if (this.#isEnd) this.#inRaw(this.#text.slice(start, end), end);
    else if (this.#text.slice(start, end).trim() === '') this.#blank();
    else this.#outside(head, start, end);
  }

  #outside(head: string, start: number, end: number): void {
    if (!this.#restructured && this.#openRaw(head, start, end)) return;
    if (this.#restructured ? this.#restHeading(head, start, end) : this.#heading(head, start, end)) return;
    this.#content(head, start, end);
  }

  close(): void {
    if (this.#kind) this.blocks.push({ kind: this.#kind, start: this.#start, end: this.#end });
    this.#kind = undefined;
    this.#isEnd = undefined;
    this.#component = false;
  }

  #open(kind: BlockKind, start: number, end: number): void {
    this.#kind = kind;
    this.#start = start;
    this.#lastLine = start;
    this.#end = end;
  }

  /** HTML may end on the line that it begins on, a fence may not. */
  #openRaw(head: string, start: number, end: number): boolean {
    const mark = fence.exec(head)?.[1];
    const htmlEnd = rawHtml.find(([opening]) => opening.test(head))?.[1];
    if (!mark && !htmlEnd) return false;
    this.close();
    this.#open('code', start, end);
    if (mark) this.#isEnd = (line) => isFence(line.trim(), mark);
    else {
      this.#isEnd = (line) => htmlEnd!.test(line);
      this.#inRaw(this.#text.slice(start, end), end);
    }
    return true;
  }

  #inRaw(line: string, end: number): void {
    this.#end = end;
    if (this.#isEnd!(line)) this.close();
  }

  #blank(): void {
    if (this.#kind === 'list' || (this.#kind === 'code' && this.#directive)) this.#parted = true;
    else this.close();
  }

  #heading(head: string, start: number, end: number): boolean {
    const hashes = /^ {0,3}(#{1,6})(\s|$)/.exec(head);
    if (hashes) {
      this.close();
      this.blocks.push({ kind: 'heading', start, end, level: hashes[1]!.length });
      return true;
    }
    if (this.#kind !== 'paragraph' || this.#lastLine !== this.#start || !underline.test(head)) return false;
    this.#kind = undefined;
    this.blocks.push({ kind: 'heading', start: this.#start, end, level: head.includes('=') ? 1 : 2 });
    return true;
  }

  #restHeading(head: string, start: number, end: number): boolean {
    const mark = restUnderline.exec(head)?.[1];
    if (!mark) return false;
    if (this.#kind === 'paragraph' && this.#lastLine === this.#start && end - start >= 3) {
      this.#kind = undefined;
      if (!this.#underlines.includes(mark)) this.#underlines.push(mark);
      this.blocks.push({
        kind: 'heading',
        start: this.#start,
        end,
        level: Math.min(6, this.#underlines.indexOf(mark) + 1),
      });
      return true;
    }
    this.close();
    return true;
  }

  #content(head: string, start: number, end: number): void {
    const indented = /^(\s{2,}|\t)/.test(head);
    if (this.#directive && this.#kind === 'code' && !indented) this.close();
    let kind: BlockKind = 'paragraph';
    if (this.#component || (this.#kind === undefined && component.test(head))) kind = 'table';
    else if (item.test(head)) kind = 'list';
    else if (/^\s*\|/.test(head) || /^\s*[+|][-=+|]+$/.test(head)) kind = 'table';
    else if (this.#kind === 'list' && indented) kind = 'list';
    else if (this.#restructured && indented && this.#kind !== 'paragraph') kind = 'code';
    // A line right below an item goes on with it, indented or not.
    if (this.#kind === 'list' && kind === 'paragraph' && !this.#parted) kind = 'list';
    if (this.#kind !== kind) {
      this.close();
      this.#open(kind, start, end);
    }
    this.#component ||= kind === 'table' && component.test(head);
    this.#directive = this.#restructured && kind === 'code';
    this.#parted = false;
    this.#lastLine = start;
    this.#end = end;
  }
}
