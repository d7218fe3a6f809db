/**
 * BM25 over passages and over whole documents. Postings are compressed rows: those of term t lie from `offsets[t]` to
 * `offsets[t + 1]`, in ascending order of passage. Knows no text: queries and passages come as hashes.
 */
import type { IndexedDocument } from './indexed-document.js';

export interface LexicalWeights {
  k1: number;
  b: number;
  /** What an occurrence in title or headings counts, beside 1 in the body. */
  headingBoost: number;
}

export interface QueryTerm {
  hash: number;
  weight: number;
}

/** Hash to small number, open addressing. */
class TermTable {
  count = 0;
  #keys = new Uint32Array(1 << 12);
  #ids = new Int32Array(1 << 12);

  find(hash: number): number {
    const slot = this.#slot(hash);
    return this.#keys[slot] === hash ? this.#ids[slot]! : -1;
  }

  add(hash: number): number {
    if (this.count * 2 > this.#keys.length) this.#grow();
    const slot = this.#slot(hash);
    if (this.#keys[slot] === hash) return this.#ids[slot]!;
    this.#keys[slot] = hash;
    this.#ids[slot] = this.count;
    return this.count++;
  }

  #slot(hash: number): number {
    const mask = this.#keys.length - 1;
    let slot = hash & mask;
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const keys = this.#keys;
    const ids = this.#ids;
    this.#keys = new Uint32Array(keys.length * 2);
    this.#ids = new Int32Array(keys.length * 2);
    keys.forEach((hash, at) => {
      if (hash === 0) return;
      const slot = this.#slot(hash);
      this.#keys[slot] = hash;
      this.#ids[slot] = ids[at]!;
    });
  }
}

export class LexicalIndex {
  readonly chunkCount: number;
  readonly #documentCount: number;
  readonly #table = new TermTable();
  readonly #offsets: Int32Array;
  readonly #chunks: Int32Array;
  readonly #bodyCounts: Uint8Array;
  readonly #headingCounts: Uint8Array;
  readonly #lengths: Int32Array;
  readonly #documentOf: Int32Array;
  readonly #documentLengths: Float64Array;
  readonly #totalLength: number;

  constructor(documents: readonly IndexedDocument[]) {
    this.#documentCount = documents.length;
    this.chunkCount = documents.reduce((sum, { terms }) => sum + terms.lengths.length, 0);
    const total = documents.reduce((sum, { terms }) => sum + terms.hashes.length, 0);
    this.#lengths = new Int32Array(this.chunkCount);
    this.#documentOf = new Int32Array(this.chunkCount);
    this.#documentLengths = new Float64Array(documents.length);
    this.#chunks = new Int32Array(total);
    this.#bodyCounts = new Uint8Array(total);
    this.#headingCounts = new Uint8Array(total);
    const ids = new Int32Array(total);
    let at = 0;
    for (const { terms } of documents) for (const hash of terms.hashes) ids[at++] = this.#table.add(hash);
    this.#offsets = startsOf(ids, this.#table.count);
    this.#fill(documents, ids);
    this.#totalLength = this.#lengths.reduce((sum, length) => sum + length, 0);
  }

  #fill(documents: readonly IndexedDocument[], ids: Int32Array): void {
    const next = this.#offsets.slice();
    let chunk = 0;
    let at = 0;
    documents.forEach(({ terms }, number) => {
      for (let inner = 0; inner < terms.lengths.length; inner++, chunk++) {
        this.#lengths[chunk] = terms.lengths[inner]!;
        this.#documentOf[chunk] = number;
        this.#documentLengths[number]! += terms.lengths[inner]!;
        for (let term = terms.offsets[inner]!; term < terms.offsets[inner + 1]!; term++) {
          const slot = next[ids[at++]!]!++;
          this.#chunks[slot] = chunk;
          this.#bodyCounts[slot] = terms.bodyCounts[term]!;
          this.#headingCounts[slot] = terms.headingCounts[term]!;
        }
      }
    });
  }

  /** A score per passage, as a share of what a passage full of every term would get. */
  scorePassages(query: readonly QueryTerm[], { k1, b, headingBoost }: LexicalWeights): Float32Array {
    const scores = new Float32Array(this.chunkCount);
    const average = this.#totalLength / Math.max(1, this.chunkCount) || 1;
    let ideal = 0;
    for (const { hash, weight } of query) {
      const term = this.#table.find(hash);
      const [from, to] = term < 0 ? [0, 0] : [this.#offsets[term]!, this.#offsets[term + 1]!];
      const gain = weight * inverseFrequency(to - from, this.chunkCount) * (k1 + 1);
      ideal += gain;
      for (let at = from; at < to; at++) {
        const chunk = this.#chunks[at]!;
        const frequency = this.#bodyCounts[at]! + headingBoost * this.#headingCounts[at]!;
        const norm = k1 * (1 - b + (b * this.#lengths[chunk]!) / average);
        scores[chunk]! += (gain * frequency) / (frequency + norm);
      }
    }
    return ideal > 0 ? scores.map((score) => score / ideal) : scores;
  }

  /** The same per document: occurrences added up over its passages, headings counted once. */
  scoreDocuments(query: readonly QueryTerm[], { k1, b, headingBoost }: LexicalWeights): Float32Array {
    const scores = new Float32Array(this.#documentCount);
    const average = this.#totalLength / Math.max(1, this.#documentCount) || 1;
    let ideal = 0;
    for (const { hash, weight } of query) {
      const term = this.#table.find(hash);
      const found = term < 0 ? [] : this.#documentFrequencies(term, headingBoost);
      const gain = weight * inverseFrequency(found.length, this.#documentCount) * (k1 + 1);
      ideal += gain;
      for (const [document, frequency] of found) {
        const norm = k1 * (1 - b + (b * this.#documentLengths[document]!) / average);
        scores[document]! += (gain * frequency) / (frequency + norm);
      }
    }
    return ideal > 0 ? scores.map((score) => score / ideal) : scores;
  }

  #documentFrequencies(term: number, headingBoost: number): [number, number][] {
    const found: [number, number][] = [];
    let headings = 0;
    for (let at = this.#offsets[term]!; at < this.#offsets[term + 1]!; at++) {
      const document = this.#documentOf[this.#chunks[at]!]!;
      let last = found.at(-1);
      if (last?.[0] !== document) {
        last = [document, 0];
        found.push(last);
        headings = 0;
      }
      const inHeadings = headingBoost * this.#headingCounts[at]!;
      last![1] += this.#bodyCounts[at]! + Math.max(0, inHeadings - headings);
      headings = Math.max(headings, inHeadings);
    }
    return found;
  }
}

export const inverseFrequency = (frequency: number, count: number) =>
  Math.log(1 + (count - frequency + 0.5) / (frequency + 0.5));

function startsOf(ids: Int32Array, count: number): Int32Array {
  const offsets = new Int32Array(count + 1);
  for (const id of ids) offsets[id + 1]!++;
  for (let id = 0; id < count; id++) offsets[id + 1]! += offsets[id]!;
  return offsets;
}
