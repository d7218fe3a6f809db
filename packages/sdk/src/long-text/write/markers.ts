/**
 * Markers `[n]` of passages: checks them where they stand and gives the whole text its final numbers.
 * Refuses to know: stages, models.
 */
import type { Citation } from '@trivium/protocol';
import { checkCitations } from '../check-citations.js';
import type { EmbedTexts } from '../types.js';
import type { Passage } from './passages.js';

const marker = /(\s*)\[(\d{1,6}(?:\s*[,，]\s*\d{1,6})*)\]/gu;

export interface CheckedMarkers {
  /** The text without unsupported markers; the others keep the numbers of their passages. */
  text: string;
  /** Numbers of the passages cited, in order of appearance. */
  cited: number[];
  warnings: string[];
}

export async function checkMarkers(
  text: string,
  passages: readonly Passage[],
  embed?: EmbedTexts,
  signal?: AbortSignal,
): Promise<CheckedMarkers> {
  const { text: checked, cited, warnings } = await checkCitations(text, passages, embed, signal);
  const numbers = cited.map((index) => passages[index]!.number);
  return { text: renumber(checked, (place) => numbers[place - 1]!), cited: numbers, warnings };
}

/** Numbers of the passages that a text cites, in order of appearance. */
export function citedNumbers(text: string): number[] {
  return [...new Set([...text.matchAll(marker)].flatMap((match) => numbersOf(match[2]!)))];
}

/** Gives final numbers, from 1 in order of appearance, to one piece of text after another. */
export class FinalNumbering {
  readonly citations: Citation[] = [];
  readonly #places = new Map<number, number>();
  readonly #passages: readonly Passage[];

  constructor(passages: readonly Passage[]) {
    this.#passages = passages;
  }

  next(text: string): string {
    return renumber(text, (number) => {
      const known = this.#places.get(number);
      if (known !== undefined) return known;
      this.citations.push(citationOf(this.#passages[number - 1]!));
      this.#places.set(number, this.citations.length);
      return this.citations.length;
    });
  }
}

export const citationOf = ({ number: _, ...citation }: Passage): Citation => citation;

function renumber(text: string, placeOf: (number: number) => number): string {
  return text.replace(
    marker,
    (_, blank: string, list: string) => `${blank}[${numbersOf(list).map(placeOf).join(', ')}]`,
  );
}

const numbersOf = (list: string) => list.split(/\D+/u).map(Number);
