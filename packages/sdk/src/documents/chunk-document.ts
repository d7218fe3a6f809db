/**
 * Cuts a document into passages of at most 1,000 characters that respect its blocks: a heading opens what follows it, a
 * code block stays with the sentence that introduces it, long paragraphs part between sentences. Knows no format and no
 * index. A passage is a range of the text; it overlaps its neighbour only by an introducing or a last sentence.
 */
import { entryEnds, isBlank, lineEnds, sentenceEnds } from './sentences.js';
import type { Block } from './types.js';

export const maximumCharacters = 1000;
/** Of a title or heading, which is said of every passage below it. */
export const titleCharacters = 200;
/** A passage this long is not filled up with the head of a block that does not fit. */
const fullEnough = 550;
/** A heading opens a new passage once the current one has this many characters. */
const sectionMinimum = 320;
const maximumOverlap = 160;

/** Three numbers a chunk: start, end, index into `headings`. */
export const chunkWidth = 3;

export interface Chunks {
  ranges: Int32Array;
  /** Heading paths, outermost first. */
  headings: string[][];
}

export function chunkDocument(text: string, blocks: readonly Block[]): Chunks {
  const packer = new Packer(text);
  for (const block of blocks) packer.add(block);
  return packer.finish();
}

class Packer {
  readonly #text: string;
  readonly #ranges: number[] = [];
  readonly #headings: string[][] = [[]];
  readonly #open: { level: number; title: string }[] = [];
  #start = -1;
  #end = -1;
  #heading = 0;
  /** Start of headings that end the current passage, or -1. */
  #trailing = -1;
  /** Whether a heading stands in the current passage. */
  #headed = false;

  constructor(text: string) {
    this.#text = text;
  }

  add(block: Block): void {
    const { kind, start, end } = block;
    const fresh = this.#start < 0 || this.#length() >= fullEnough || kind === 'code';
    if (kind === 'heading') this.#addHeading(block);
    else if (this.#start >= 0 && end - this.#start <= maximumCharacters) this.#extend(end);
    else if (end - start <= maximumCharacters && fresh) this.#begin(start, end, kind !== 'paragraph');
    else this.#addParts(block);
  }

  finish(): Chunks {
    this.#flush(this.#end);
    return { ranges: Int32Array.from(this.#ranges), headings: this.#headings };
  }

  /** It fits into a passage: what is longer, readers give no heading. */
  #addHeading({ start, end, level = 1 }: Block): void {
    if (
      this.#start >= 0 &&
      this.#trailing < 0 &&
      (this.#length() >= sectionMinimum || (level === 1 && this.#headed))
    )
      this.#flush(this.#end);
    if (this.#start >= 0 && end - this.#start > maximumCharacters) this.#flush(this.#end);
    while (this.#open.length > 0 && this.#open.at(-1)!.level >= level) this.#open.pop();
    this.#open.push({
      level,
      title: headingTitle(this.#text.slice(start, Math.min(end, start + titleCharacters))),
    });
    this.#headings.push(this.#open.map(({ title }) => title));
    this.#headed = true;
    if (this.#start < 0) {
      this.#start = start;
      this.#heading = this.#headings.length - 1;
      this.#trailing = start;
    } else if (this.#trailing < 0) this.#trailing = start;
    this.#end = end;
    if (this.#trailing === this.#start) this.#heading = this.#headings.length - 1;
  }

  #length = () => (this.#trailing >= 0 ? this.#trailing : this.#end) - this.#start;

  #extend(end: number): void {
    this.#end = end;
    this.#trailing = -1;
  }

  /** Ends the current passage and opens one at `start`, or earlier: at its heading, or at the sentence before it. */
  #begin(start: number, end: number, introduced: boolean): void {
    let from = start;
    if (this.#start >= 0) {
      if (this.#trailing >= 0) from = this.#trailing;
      else if (introduced) from = this.#lastSentence();
      if (end - from > maximumCharacters || from === this.#start) from = start;
      const cut = from < start && this.#trailing >= 0 ? this.#trailing : this.#end;
      if (cut > this.#start) this.#flush(cut);
    }
    this.#start = from;
    this.#heading = this.#headings.length - 1;
    this.#extend(end);
  }

  #addParts({ kind, start, end }: Block): void {
    const byLine = kind === 'code' || kind === 'table';
    const endsOf: (text: string, start: number, end: number) => Iterable<number> = !byLine
      ? sentenceEnds
      : kind === 'table' && this.#text[start] === '<'
        ? entryEnds
        : lineEnds;
    const ends = endsOf(this.#text, start, end);
    let from = start;
    for (const until of ends) {
      for (let cut = from; cut < until; ) {
        const next = cutAt(this.#text, cut, until);
        const fits = this.#start >= 0 && next - this.#start <= maximumCharacters;
        if (fits) this.#extend(next);
        else this.#begin(cut, next, !byLine && this.#end >= start);
        cut = next;
      }
      from = until;
    }
  }

  #lastSentence(): number {
    const ends = sentenceEnds(this.#text, Math.max(this.#start, this.#end - 2 * maximumOverlap), this.#end);
    const last = ends.length > 1 ? ends.at(-2)! : this.#end;
    return this.#end - last <= maximumOverlap ? last : this.#end;
  }

  #flush(until: number): void {
    let start = this.#start;
    let end = until;
    while (start >= 0 && start < end && isBlank(this.#text.charCodeAt(start))) start++;
    while (end > start && isBlank(this.#text.charCodeAt(end - 1))) end--;
    if (start >= 0 && end > start) this.#ranges.push(start, end, this.#heading);
    this.#start = -1;
    this.#end = -1;
    this.#trailing = -1;
    this.#headed = false;
  }
}

/** A piece of at most the maximum, never between the halves of a surrogate pair. */
function cutAt(text: string, start: number, end: number): number {
  if (end - start <= maximumCharacters) return end;
  const cut = start + maximumCharacters;
  for (let at = cut - 1; at > start + fullEnough; at--) if (isBlank(text.charCodeAt(at))) return at + 1;
  return characterEdge(text, cut);
}

/** `offset`, or the end of the text, or one less where that would part a surrogate pair. */
export function characterEdge(text: string, offset: number): number {
  if (offset >= text.length) return text.length;
  const code = text.charCodeAt(offset - 1);
  return code >= 0xd800 && code < 0xdc00 ? offset - 1 : offset;
}

/** A heading as read aloud: without marks of Markdown, underlines and anchors. */
export function headingTitle(raw: string): string {
  const line = raw.split(/[\r\n]/, 1)[0]!;
  return line
    .replace(/^ {0,3}#{1,6}\s+/, '')
    .replace(/\s+#+\s*$/, '')
    .replace(/\s*\{#[^}]*\}\s*$/, '')
    .replace(/`/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim();
}
