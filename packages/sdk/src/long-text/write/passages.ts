/**
 * Cuts sources into numbered passages of bounded tokens: at the ends of blocks, else of sentences, else between
 * characters. Together they hold all of the text but blanks. Refuses to know: what the passages are for.
 */
import type { Citation } from '@trivium/protocol';
import { placeInFile } from '../../documents/places.js';
import { Turns } from '../../documents/turns.js';
import type { SourceText } from '../../documents/types.js';
import type { CountTokens } from '../model-measures.js';
import { segmentEnds } from '../sentences.js';
import { trimSpan } from '../trim-span.js';

/** What a marker `[number]` stands for. */
export interface Passage extends Citation {
  number: number;
}

export interface Cuts {
  /** Characters of a passage at most. */
  characters: number;
  /** Tokens of a passage at most, by the count of the model that reads it. */
  tokens: number;
  countTokens: CountTokens;
}

/** Passages of all sources in order, numbered from 1. @throws the abort reason; what `countTokens` throws */
export async function cutPassages(
  sources: readonly SourceText[],
  cuts: Cuts,
  signal?: AbortSignal,
): Promise<Passage[]> {
  const turns = new Turns(signal);
  const passages: Passage[] = [];
  for (const source of sources) {
    for (const [from, to] of await cutSource(source, cuts, turns)) {
      await turns.next();
      const text = source.text.slice(from, to);
      passages.push({
        number: passages.length + 1,
        path: source.path,
        ...placeInFile(source, from, to),
        text,
      });
    }
  }
  return passages;
}

type Span = readonly [from: number, to: number];

async function cutSource(source: SourceText, cuts: Cuts, turns: Turns): Promise<Span[]> {
  const { text, blocks } = source;
  const ends = blocks.map(({ end }) => end);
  if (ends.at(-1) !== text.length) ends.push(text.length);
  const spans: Span[] = [];
  let from = 0;
  for (const [i, end] of ends.entries()) {
    // A heading stands with what follows it.
    const isHeading = blocks[i]?.kind === 'heading' && i + 1 < ends.length;
    const next = isHeading ? ends[i + 1]! : end;
    if (next - from > cuts.characters && (ends[i - 1] ?? 0) > from) {
      spans.push([from, ends[i - 1]!]);
      from = ends[i - 1]!;
    }
    if (isHeading || end - from < cuts.characters / 2) continue;
    spans.push([from, end]);
    from = end;
  }
  spans.push([from, text.length]);
  const fitting: Span[] = [];
  for (const span of spans) {
    fitting.push(...(await cutSpan(text, span, cuts, turns)));
    await turns.next();
  }
  return fitting;
}

/** The span without blanks at its ends, halved until it fits. */
async function cutSpan(text: string, [from, to]: Span, cuts: Cuts, turns: Turns): Promise<Span[]> {
  const { start, end } = trimSpan(text, from, to);
  if (start === end) return [];
  const trimmed = text.slice(start, end);
  const isShort = trimmed.length <= cuts.characters;
  if ((isShort && (await cuts.countTokens(trimmed)) <= cuts.tokens) || trimmed.length <= 2)
    return [[start, end]];
  const at = start + (await middle(trimmed, turns));
  const before = await cutSpan(text, [start, at], cuts, turns);
  return [...before, ...(await cutSpan(text, [at, end], cuts, turns))];
}

/**
 * The sentence end nearest to the middle of a text without blanks at its ends; where there is none, a blank near it, else a
 * character's edge.
 */
async function middle(text: string, turns: Turns): Promise<number> {
  const half = text.length / 2;
  const near =
    (await nearest(segmentEnds(text), text, turns)) ?? (await nearest(blankEnds(text), text, turns));
  if (near !== undefined) return near;
  const edge = Math.floor(half);
  const splitsPair = /[\uD800-\uDBFF]/.test(text[edge - 1]!) && /[\uDC00-\uDFFF]/.test(text[edge]!);
  return splitsPair ? (edge > 1 ? edge - 1 : edge + 1) : edge;
}

function* blankEnds(text: string): Generator<number> {
  for (const { index, 0: blanks } of text.matchAll(/\s+/gu)) yield index + blanks.length;
}

/** Of ends in ascending order the one that is nearest to the middle, the end of the text aside. */
async function nearest(ends: Iterable<number>, text: string, turns: Turns): Promise<number | undefined> {
  const half = text.length / 2;
  let best: number | undefined;
  for (const end of ends) {
    if (end === text.length) break;
    if (best === undefined || Math.abs(end - half) < Math.abs(best - half)) best = end;
    if (end >= half) break;
    await turns.next();
  }
  return best;
}
