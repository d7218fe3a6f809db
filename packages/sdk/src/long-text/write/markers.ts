/**
 * Markers `[n]` of passages: checks them where they stand and gives the whole text its final numbers.
 * Refuses to know: stages, models.
 */
import { type Citation, markersIn, replaceMarkers } from '@trivium/protocol';
import { checkCitations } from '../check-citations.js';
import type { EmbedTexts } from '../types.js';
import type { Passage } from './passages.js';

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
  return { text: renumber(checked, (place) => numbers[place - 1]), cited: numbers, warnings };
}

/** Numbers of the passages that a text cites, in order of appearance. */
export function citedNumbers(text: string): number[] {
  return [...new Set(markersIn(text).flatMap(({ numbers }) => numbers))];
}

/** Gives final numbers, from 1 in order of appearance, to one piece of text after another; numbers of no passage go. */
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
      const passage = this.#passages[number - 1];
      if (!passage) return undefined;
      this.citations.push(citationOf(passage));
      this.#places.set(number, this.citations.length);
      return this.citations.length;
    });
  }
}

export const citationOf = ({ number: _, ...citation }: Passage): Citation => citation;

function renumber(text: string, placeOf: (number: number) => number | undefined): string {
  return replaceMarkers(text, ({ blanks, numbers }) => {
    const places = numbers.flatMap((number) => placeOf(number) ?? []);
    return places.length > 0 ? `${blanks}[${places.join(', ')}]` : '';
  });
}
