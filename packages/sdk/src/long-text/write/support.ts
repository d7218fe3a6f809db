/**
 * Finds the passages that help to write about a point: those it cites, then the likest by words and, with an embedder,
 * by meaning. Refuses to know: prompts, room.
 */
import { Turns } from '../../documents/turns.js';
import { dot, normalized } from '../../documents/vectors.js';
import type { EmbedTexts } from '../types.js';
import { lexicalRows, lexicalVector, standardized } from '../vectors.js';
import { terms } from '../words.js';
import { citedNumbers } from './markers.js';
import type { Passage } from './passages.js';

const embeddedAtOnce = 256;
const embeddedCharacters = 1000;

export class PassageFinder {
  readonly #passages: readonly Passage[];
  readonly #embed: EmbedTexts | undefined;
  readonly #signal: AbortSignal | undefined;
  #lexical: ReturnType<typeof lexicalRows> | undefined;
  #embedded: Promise<Float32Array[]> | undefined;

  constructor(passages: readonly Passage[], embed?: EmbedTexts, signal?: AbortSignal) {
    this.#passages = passages;
    this.#embed = embed;
    this.#signal = signal;
  }

  /** The passages that a point cites and then others, best first; `limit` at most. */
  async find(point: string, limit: number): Promise<Passage[]> {
    const cited = citedNumbers(point).flatMap((number) => this.#passages[number - 1] ?? []);
    if (cited.length >= limit || this.#passages.length <= cited.length) return cited.slice(0, limit);
    const plain = point.replace(/\[\d[\d\s,，]*\]/gu, ' ');
    this.#lexical ??= this.#lexicalRows();
    const { rows: lexical, weightOf } = await this.#lexical;
    const query = lexicalVector(terms(plain), weightOf);
    const scores = standardized(lexical.map((row) => dot(query, row)));
    if (this.#embed) {
      this.#embedded ??= this.#embedAll(this.#passages.map(({ text }) => text));
      const [rows, [meant]] = await Promise.all([this.#embedded, this.#embedAll([plain])]);
      for (const [i, value] of standardized(rows.map((row) => dot(meant!, row))).entries())
        scores[i]! += value;
    }
    const others = [...this.#passages.keys()]
      .filter((i) => !cited.includes(this.#passages[i]!))
      .sort((a, b) => scores[b]! - scores[a]! || a - b);
    return [...cited, ...others.slice(0, limit - cited.length).map((i) => this.#passages[i]!)];
  }

  async #lexicalRows() {
    const turns = new Turns(this.#signal);
    return lexicalRows(await turns.map(this.#passages, ({ text }) => terms(text)), turns);
  }

  async #embedAll(texts: readonly string[]): Promise<Float32Array[]> {
    const rows: Float32Array[] = [];
    for (let at = 0; at < texts.length; at += embeddedAtOnce) {
      const batch = texts.slice(at, at + embeddedAtOnce).map((text) => text.slice(0, embeddedCharacters));
      rows.push(...(await this.#embed!(batch, this.#signal ? { signal: this.#signal } : {})).map(normalized));
    }
    return rows;
  }
}
