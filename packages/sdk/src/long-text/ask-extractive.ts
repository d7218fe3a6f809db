/**
 * Answers a question with quotes: widens the library's best hits to citations, and quotes their best sentences.
 * Refuses to know: language models, how the library searches.
 */
import type { Citation } from '@trivium/protocol';
import type { SearchHit } from '../documents/types.js';
import { splitSentences } from './sentences.js';
import type { EmbedTexts, LongTextLibrary } from './types.js';
import { dot, normalized } from './vectors.js';
import { widenHit } from './widen-hit.js';
import { stripQuestion, terms } from './words.js';

/** Hits among which citations are chosen, and that say where a citation had better be widened to. */
const candidates = 24;
const answerSentences = 3;
const answerCharacters = 600;

export interface FindOptions {
  limit: number;
  signal?: AbortSignal;
}

/** The best hits that do not overlap, each widened to a citation. */
export async function findCitations(
  library: LongTextLibrary,
  question: string,
  { limit, signal }: FindOptions,
): Promise<Citation[]> {
  const options = { limit: Math.max(candidates, limit * 2), ...(signal ? { signal } : {}) };
  const found = await library.search(question, options);
  const chosen: SearchHit[] = [];
  for (const hit of found) {
    if (chosen.length >= limit) break;
    const repeats = chosen.some(
      (other) => other.path === hit.path && hit.start < other.end && other.start < hit.end,
    );
    if (!repeats)
      chosen.push(widenHit(hit, await library.document(hit.path), { backFirst: fitsBefore(hit, found) }));
  }
  return chosen.map(({ path, start, end, text, line, page }) => {
    const citation: Citation = { path, start, end, text, line };
    return page === undefined ? citation : { ...citation, page };
  });
}

/** Whether what stands right before a hit fits the question better than what stands right after it. */
function fitsBefore(hit: SearchHit, found: readonly SearchHit[]): boolean {
  const near = (other: SearchHit) =>
    other !== hit && other.path === hit.path && other.start < hit.end + 200 && other.end > hit.start - 200;
  const next = found.find(near);
  return next !== undefined && next.start < hit.start;
}

/** The best sentences of the citations in the order of the citations, each quoted with its number. */
export async function quoteAnswer(
  question: string,
  citations: readonly Citation[],
  embed?: EmbedTexts,
  signal?: AbortSignal,
): Promise<string> {
  const all = citations.flatMap((citation, index) =>
    splitSentences(citation.text)
      .filter(({ text }) => /[\p{L}\p{N}].*[\p{L}\p{N}]/u.test(text) && !/^(?:```|import |---)/.test(text))
      .map(({ start, text }) => ({ start, text: text.slice(0, answerCharacters), index })),
  );
  // A heading repeats the question and answers nothing; it is quoted only where there is nothing else.
  const said = all.filter(({ text }) => !/^#{1,6} /.test(text));
  const sentences = said.length > 0 ? said : all;
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
