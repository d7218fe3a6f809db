/**
 * Answers a question with quotes: orders the library's hits by how much of the question they cover, widens them to
 * citations, and quotes their best sentences.
 * Refuses to know: language models, how the library searches.
 */
import type { Citation } from '@trivium/protocol';
import type { SearchHit } from '../documents/types.js';
import { splitSentences } from './sentences.js';
import type { EmbedTexts, LongTextLibrary } from './types.js';
import { dot, normalized, standardized } from './vectors.js';
import { widenHit } from './widen-hit.js';
import { stripQuestion, terms } from './words.js';

/** What a hit's place in the order is made of: each part is scaled to mean 0, deviation 1 among the candidates. */
export const askWeights = {
  /** The library's own order. */
  search: 1,
  /** BM25 alone: names and identifiers of the question. */
  lexical: 0.5,
  /** The likeness of its likest sentence to the question: an answer is a sentence, not a passage. */
  sentence: 0.7,
  /** The share of the question's terms that stand in the passage and its path, rare ones counting more. */
  coverage: 0.3,
  /** Hits of each of the two searches that are compared. */
  candidates: 24,
};

const answerSentences = 3;
const answerCharacters = 600;
const embeddedSentenceCharacters = 300;

export interface FindOptions {
  limit: number;
  embed?: EmbedTexts;
  signal?: AbortSignal;
}

export async function findCitations(
  library: LongTextLibrary,
  question: string,
  { limit, embed, signal }: FindOptions,
): Promise<Citation[]> {
  const options = { limit: Math.max(askWeights.candidates, limit * 2), ...(signal ? { signal } : {}) };
  const found = await library.search(question, options);
  const lexical = await library.search(question, { ...options, mode: 'lexical' });
  const candidates = mergeHits(found, lexical);
  const similarity = embed ? await sentenceSimilarity(question, candidates, embed, signal) : undefined;
  const chosen: SearchHit[] = [];
  for (const hit of orderHits(question, candidates, similarity)) {
    if (chosen.length >= limit) break;
    const repeats = chosen.some(
      (other) => other.path === hit.path && hit.start < other.end && other.start < hit.end,
    );
    if (!repeats) chosen.push(widenHit(hit, await library.document(hit.path)));
  }
  return chosen.map(({ path, start, end, text, line, page }) => {
    const citation: Citation = { path, start, end, text, line };
    return page === undefined ? citation : { ...citation, page };
  });
}

/** A hit with its scores in both searches; 0 where it was not found. */
export interface Candidate extends SearchHit {
  lexical: number;
}

function mergeHits(found: readonly SearchHit[], lexical: readonly SearchHit[]): Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const hit of found) candidates.set(`${hit.path}:${hit.start}`, { ...hit, lexical: 0 });
  const least = Math.min(...found.map(({ score }) => score));
  for (const hit of lexical) {
    const key = `${hit.path}:${hit.start}`;
    const known = candidates.get(key) ?? { ...hit, score: Number.isFinite(least) ? least : 0 };
    candidates.set(key, { ...known, lexical: hit.score });
  }
  return [...candidates.values()];
}

async function sentenceSimilarity(
  question: string,
  hits: readonly SearchHit[],
  embed: EmbedTexts,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const texts = hits.map((hit) => [
    ...splitSentences(hit.text)
      .map(({ text }) => text.slice(0, embeddedSentenceCharacters))
      .filter((text) => /\p{L}/u.test(text)),
  ]);
  const [query, ...rows] = (await embed([question, ...texts.flat()], signal ? { signal } : {})).map(
    normalized,
  );
  let at = 0;
  return texts.map((sentences) => {
    const own = rows.slice(at, at + sentences.length);
    at += sentences.length;
    return own.reduce((most, row) => Math.max(most, dot(query!, row)), 0);
  });
}

/** Candidates, best first. */
export function orderHits(
  question: string,
  hits: readonly Candidate[],
  similarity?: readonly number[],
): Candidate[] {
  const asked = [...new Set(terms(stripQuestion(question)))];
  const held = hits.map((hit) => new Set([...terms(hit.text), ...terms(hit.path)]));
  const weights = asked.map((term) =>
    Math.log(1 + hits.length / (1 + held.filter((set) => set.has(term)).length)),
  );
  const coverage = held.map((set) =>
    asked.reduce((sum, term, i) => sum + (set.has(term) ? weights[i]! : 0), 0),
  );
  const parts: [weight: number, values: number[]][] = [
    [askWeights.search, standardized(hits.map(({ score }) => score))],
    [askWeights.lexical, standardized(hits.map(({ lexical }) => lexical))],
    [askWeights.coverage, standardized(coverage)],
  ];
  if (similarity) parts.push([askWeights.sentence, standardized(similarity)]);
  const rank = hits.map((_, i) => parts.reduce((sum, [weight, values]) => sum + weight * values[i]!, 0));
  return [...hits.keys()].sort((a, b) => rank[b]! - rank[a]! || a - b).map((i) => hits[i]!);
}

/** The best sentences of the citations in the order of the citations, each quoted with its number. */
export async function quoteAnswer(
  question: string,
  citations: readonly Citation[],
  embed?: EmbedTexts,
  signal?: AbortSignal,
): Promise<string> {
  const sentences = citations.flatMap((citation, index) =>
    splitSentences(citation.text)
      .filter(({ text }) => /[\p{L}\p{N}].*[\p{L}\p{N}]/u.test(text) && !/^(?:```|import |---)/.test(text))
      .map(({ start, text }) => ({ start, text: text.slice(0, answerCharacters), index })),
  );
  const asked = new Set(terms(stripQuestion(question)));
  const overlap = ({ text }: { text: string }) => {
    const found = new Set(terms(text));
    return [...asked].filter((term) => found.has(term)).length / Math.max(1, asked.size);
  };
  let similarity = sentences.map(() => 0);
  if (embed && sentences.length > 0) {
    const options = signal ? { signal } : {};
    const [query, ...rows] = (await embed([question, ...sentences.map(({ text }) => text)], options)).map(
      normalized,
    );
    similarity = rows.map((row) => dot(query!, row));
  }
  const scored = sentences.map((sentence, i) => ({
    ...sentence,
    score: similarity[i]! + 0.5 * overlap(sentence) - 0.1 * sentence.index,
  }));
  scored.sort((a, b) => b.score - a.score);
  const kept: typeof scored = [];
  let characters = 0;
  for (const sentence of scored) {
    if (
      kept.length >= answerSentences ||
      (kept.length > 0 && characters + sentence.text.length > answerCharacters)
    )
      break;
    kept.push(sentence);
    characters += sentence.text.length;
  }
  kept.sort((a, b) => a.index - b.index || a.start - b.start);
  return kept.map(({ text, index }) => `${text} [${index + 1}]`).join('\n');
}
