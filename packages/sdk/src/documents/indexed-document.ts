/** One document as the index holds it: text, blocks, passages, their terms and vectors, all in typed arrays. */
import { chunkDocument, chunkWidth, maximumCharacters } from './chunk-document.js';
import { placeInFile } from './places.js';
import { plainWords } from './plain-words.js';
import { scanTerms, TermList } from './terms.js';
import { type Block, blockKinds, type ParsedSource, type Passage, type SourceText } from './types.js';

/** Terms of the passages of one document: those of passage i lie from `offsets[i]` to `offsets[i + 1]`. */
export interface DocumentTerms {
  offsets: Int32Array;
  hashes: Uint32Array;
  bodyCounts: Uint8Array;
  headingCounts: Uint8Array;
  /** Terms in each passage's body. */
  lengths: Int32Array;
}

/**
 * Rows of 8-bit numbers and what to multiply each row by; rows have length 1 before rounding. A passage has several: one
 * of it all with its headings, one of each of its paragraphs. Rows of passage i lie from `rows[i]` to `rows[i + 1]`;
 * after those of the last passage, up to the last entry, come the rows of the paragraphs that open the document.
 */
export interface PassageVectors {
  rows: Int32Array;
  values: Int8Array;
  scales: Float32Array;
  width: number;
}

export interface IndexedDocument {
  path: string;
  absolutePath: string;
  size: number;
  mtimeMs: number;
  ctimeMs: number;
  ino: number;
  /** When its bytes were read, in ms: a file changed in the same moment is read again. */
  readAt: number;
  hash: string;
  mediaType: string;
  title: string;
  text: string;
  tokens: number;
  /** kind, start, end, level. */
  blocks: Int32Array;
  /** start, end, index of the heading path. */
  chunks: Int32Array;
  headings: string[][];
  terms: DocumentTerms;
  pages?: Int32Array;
  runs?: Int32Array;
  vectors?: PassageVectors;
  /** What of the file could not be read, or only by a guess; said at each reading. */
  warnings?: string[];
}

export type FileFacts = Pick<
  IndexedDocument,
  'path' | 'absolutePath' | 'size' | 'mtimeMs' | 'ctimeMs' | 'ino' | 'readAt' | 'hash'
>;

/** A file that is no document, and why: read again only once it has changed. */
export interface UnreadableFile extends FileFacts {
  reason: string;
}

export type KnownFile = IndexedDocument | UnreadableFile;

export const isUnreadable = (file: KnownFile): file is UnreadableFile => 'reason' in file;

export function indexDocument(facts: FileFacts, parsed: ParsedSource): IndexedDocument {
  const { ranges, headings } = chunkDocument(parsed.text, parsed.blocks);
  const { text, title, mediaType, pages, runs, warnings } = parsed;
  return {
    ...facts,
    mediaType,
    title,
    text,
    tokens: estimateTokens(text),
    blocks: Int32Array.from(
      parsed.blocks.flatMap(({ kind, start, end, level = 0 }) => [
        blockKinds.indexOf(kind),
        start,
        end,
        level,
      ]),
    ),
    chunks: ranges,
    headings,
    terms: termsOf(text, ranges, headings, title),
    ...(pages && { pages }),
    ...(runs && { runs }),
    ...(warnings && { warnings }),
  };
}

export const chunkCount = (document: IndexedDocument) => document.chunks.length / chunkWidth;

/** Title and headings above a passage, as one line; a heading that repeats its parent is said once. */
export function headingPath(document: IndexedDocument, chunk: number): string {
  const path = [document.title, ...document.headings[document.chunks[chunk * chunkWidth + 2]!]!];
  return path.filter((title, index) => title && title !== path[index - 1]).join(' > ');
}

export const chunkText = ({ text, chunks }: IndexedDocument, chunk: number) =>
  text.slice(chunks[chunk * chunkWidth]!, chunks[chunk * chunkWidth + 1]!);

/** What models read of a passage: title and headings as one line, and its words. */
export const readPassage = (document: IndexedDocument, chunk: number) => ({
  above: plainWords(headingPath(document, chunk)),
  text: plainWords(chunkText(document, chunk)),
});

/** The same as one text: what the embedders see. */
export const embeddedText = (document: IndexedDocument, chunk: number) =>
  plainWords(`${headingPath(document, chunk)}\n${chunkText(document, chunk)}`);

/** Letters and digits below which a paragraph says too little to have a vector; a Chinese character counts as three. */
const leastLetters = 16;
const letter = /[\p{L}\p{N}]/gu;

function saysEnough(text: string): boolean {
  let letters = 0;
  letter.lastIndex = 0;
  while (letters < leastLetters && letter.test(text))
    letters += text.charCodeAt(letter.lastIndex - 1) >= 0x2e80 ? 3 : 1;
  return letters >= leastLetters;
}

/**
 * The texts whose vectors stand for a passage: all of it, then each paragraph where there are several. One paragraph
 * says one thing; the sum over a passage blurs them.
 */
export function vectorTexts(document: IndexedDocument, chunk: number): string[] {
  const parts = chunkText(document, chunk).split(/\n\s*\n/);
  const paragraphs = parts.length > 1 ? parts.map(plainWords).filter(saysEnough) : [];
  return [embeddedText(document, chunk), ...(paragraphs.length > 1 ? paragraphs : [])];
}

/**
 * The first `count` blocks of prose that say enough: what a document says of itself; its first passage without any. Of a
 * block its head, for one without blank lines may be the whole file.
 */
export function openingTexts(document: IndexedDocument, count: number): string[] {
  const texts: string[] = [];
  for (const { kind, start, end } of blocksOf(document)) {
    if (kind === 'heading' || kind === 'code') continue;
    const text = plainWords(document.text.slice(start, Math.min(end, start + 2 * maximumCharacters)));
    if (saysEnough(text)) texts.push(text);
    if (texts.length === count) break;
  }
  return texts.length > 0 || chunkCount(document) === 0 ? texts : [embeddedText(document, 0)];
}

export function passageOf(document: IndexedDocument, chunk: number): Passage {
  const textStart = document.chunks[chunk * chunkWidth]!;
  const textEnd = document.chunks[chunk * chunkWidth + 1]!;
  const { path, title } = document;
  const headings = document.headings[document.chunks[chunk * chunkWidth + 2]!]!;
  const text = document.text.slice(textStart, textEnd);
  return { path, ...placeInFile(document, textStart, textEnd), text, title, headings, textStart, textEnd };
}

export function sourceTextOf(document: IndexedDocument): SourceText {
  const { path, text, mediaType, title, pages, runs } = document;
  const blocks = [...blocksOf(document)];
  return { path, text, mediaType, title, blocks, ...(pages && { pages }), ...(runs && { runs }) };
}

/** The block with a number, or `undefined` behind the last. */
export function blockAt({ blocks }: IndexedDocument, number: number): Block | undefined {
  const [kind, start, end, level] = blocks.subarray(number * 4, number * 4 + 4);
  if (kind === undefined) return undefined;
  return { kind: blockKinds[kind]!, start: start!, end: end!, ...(level! > 0 && { level: level! }) };
}

function* blocksOf(document: IndexedDocument): Generator<Block> {
  for (let at = 0; at * 4 < document.blocks.length; at++) yield blockAt(document, at)!;
}

const body = new TermList();
const above = new TermList();

function termsOf(text: string, ranges: Int32Array, headings: string[][], title: string): DocumentTerms {
  const count = ranges.length / chunkWidth;
  const offsets = new Int32Array(count + 1);
  const lengths = new Int32Array(count);
  const found: [Uint32Array, Uint8Array, Uint8Array][] = [];
  for (let chunk = 0; chunk < count; chunk++) {
    body.clear();
    above.clear();
    scanTerms(text, ranges[chunk * chunkWidth]!, ranges[chunk * chunkWidth + 1]!, body);
    const path = [title, ...headings[ranges[chunk * chunkWidth + 2]!]!].join('\n');
    scanTerms(path, 0, path.length, above);
    const merged = mergeCounts(body, above);
    lengths[chunk] = body.length;
    offsets[chunk + 1] = offsets[chunk]! + merged[0].length;
    found.push(merged);
  }
  const total = offsets[count]!;
  const terms = {
    offsets,
    lengths,
    hashes: new Uint32Array(total),
    bodyCounts: new Uint8Array(total),
    headingCounts: new Uint8Array(total),
  };
  found.forEach(([hashes, bodyCounts, headingCounts], chunk) => {
    terms.hashes.set(hashes, offsets[chunk]!);
    terms.bodyCounts.set(bodyCounts, offsets[chunk]!);
    terms.headingCounts.set(headingCounts, offsets[chunk]!);
  });
  return terms;
}

/** Distinct hashes in ascending order with their counts in both fields, each capped at 255. */
function mergeCounts(first: TermList, second: TermList): [Uint32Array, Uint8Array, Uint8Array] {
  const a = first.hashes.slice(0, first.length).sort();
  const b = second.hashes.slice(0, second.length).sort();
  const hashes = new Uint32Array(a.length + b.length);
  const inFirst = new Uint8Array(hashes.length);
  const inSecond = new Uint8Array(hashes.length);
  let length = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length; length++) {
    const hash = j >= b.length || (i < a.length && a[i]! <= b[j]!) ? a[i]! : b[j]!;
    let count = 0;
    let headingCount = 0;
    for (; i < a.length && a[i] === hash; i++) count++;
    for (; j < b.length && b[j] === hash; j++) headingCount++;
    hashes[length] = hash;
    inFirst[length] = Math.min(255, count);
    inSecond[length] = Math.min(255, headingCount);
  }
  return [hashes.slice(0, length), inFirst.slice(0, length), inSecond.slice(0, length)];
}

/** About what a bilingual subword tokenizer makes of it; used until a model has measured it. */
function estimateTokens(text: string): number {
  let wide = 0;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x2e80) wide++;
  return Math.round((text.length - wide) / 4.2 + wide * 0.7);
}
