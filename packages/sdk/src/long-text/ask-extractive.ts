/**
 * Answers a question with quotes: orders the library's hits by how much of the question they cover, widens them to
 * citations, and quotes their best sentences.
 * Refuses to know: language models, how the library searches.
 */
import type { Citation } from '@trivium/protocol';
import type { SearchHit } from '../documents/types.js';
import { splitSentences } from './sentences.js';
import type { EmbedTexts, LongTextLibrary } from './types.js';
import { dot, normalized } from './vectors.js';
import { widenHit } from './widen-hit.js';
import { stripQuestion, terms } from './words.js';

/** How hits are ordered: the library's score, scaled to 0…1, against the share of the question's terms covered. */
export const askWeights = { coverage: 0.15, pathCoverage: 0.05, candidates: 24 };

const answerSentences = 3;
const answerCharacters = 600;

export async function findCitations(
  library: LongTextLibrary,
  question: string,
  limit: number,
  signal?: AbortSignal,
): Promise<Citation[]> {
  const wanted = Math.max(askWeights.candidates, limit * 2);
  const hits = await library.search(question, { limit: wanted, ...(signal ? { signal } : {}) });
  const chosen: SearchHit[] = [];
  for (const hit of orderHits(question, hits)) {
    if (chosen.length >= limit) break;
    const repeats = chosen.some(
      (other) => other.path === hit.path && hit.start < other.end && other.start < hit.end,
    );
    if (!repeats) chosen.push(widenHit(hit, await library.document(hit.path)));
  }
  return chosen.map(({ score: _, ...citation }) => citation);
}

/** Hits by score plus how many of the question's terms they hold, rare ones counting more. */
export function orderHits(question: string, hits: readonly SearchHit[]): SearchHit[] {
  const asked = [...new Set(terms(stripQuestion(question)))];
  const held = hits.map((hit) => new Set(terms(hit.text)));
  const paths = hits.map((hit) => new Set(terms(hit.path)));
  const weights = asked.map((term) =>
    Math.log(1 + hits.length / (1 + held.filter((set) => set.has(term)).length)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const share = (set: ReadonlySet<string>) =>
    asked.reduce((sum, term, i) => sum + (set.has(term) ? weights[i]! : 0), 0) / total;
  const scores = hits.map((hit) => hit.score);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const rank = hits.map((hit, i) => {
    const scaled = high > low ? (hit.score - low) / (high - low) : 1;
    return scaled + askWeights.coverage * share(held[i]!) + askWeights.pathCoverage * share(paths[i]!);
  });
  return hits
    .map((_, i) => i)
    .sort((a, b) => rank[b]! - rank[a]! || a - b)
    .map((i) => hits[i]!);
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
