/**
 * Chooses the sentences of a summary: features and weights score them, maximal marginal relevance keeps them different, and
 * they come out in source order. Refuses to know: files, language models.
 */
import { Turns } from '../documents/turns.js';
import { normalized } from '../documents/vectors.js';
import { chooseDiverse } from './choose-diverse.js';
import { featureNames, sentenceFeatures } from './summary-features.js';
import type { SourceSentence } from './summary-source.js';
import { plainWeights, queryWeights, type SummaryWeights } from './summary-weights.js';
import type { EmbedTexts } from './types.js';
import { lexicalRows, lexicalVector } from './vectors.js';
import { terms } from './words.js';

/** Sentences that are embedded at most; of a longer source the best by words alone. */
const embeddedAtMost = 700;

export interface SelectionOptions {
  words: number;
  query?: string;
  embed?: EmbedTexts;
  weights?: SummaryWeights;
  signal?: AbortSignal;
}

/** A sentence with the terms of its text. */
interface Candidate<S> {
  sentence: S;
  bag: readonly string[];
}

/**
 * Sentences of about `words` words in source order, chosen in turns of the event loop. Never empty unless `sentences` is.
 * @throws the abort reason; what `embed` throws
 */
export async function selectSentences<S extends Pick<SourceSentence, 'text' | 'words'>>(
  sentences: readonly S[],
  { words, query, embed, weights = query ? queryWeights : plainWeights, signal }: SelectionOptions,
): Promise<S[]> {
  const turns = new Turns(signal);
  let candidates = await turns.map(sentences, (sentence) => ({ sentence, bag: terms(sentence.text) }));
  if (embed && candidates.length > embeddedAtMost) {
    const vectors = await lexicalVectors(candidates, query, turns);
    const scores = await scoresOf(candidates, vectors, weights, query, turns);
    const floor = [...scores].sort((a, b) => b - a)[embeddedAtMost - 1]!;
    candidates = candidates.filter((_, i) => scores[i]! >= floor).slice(0, embeddedAtMost);
    // A summary that takes them all and more needs no vectors to choose among them.
    if (totalWords(candidates) < words) return bestScored(sentences, scores, words);
  }
  const vectors = embed
    ? await embedAll(candidates, query, embed, signal)
    : await lexicalVectors(candidates, query, turns);
  const scores = await scoresOf(candidates, vectors, weights, query, turns);
  const chosen = await chooseDiverse(
    scores,
    vectors.rows,
    candidates.map(({ sentence }) => sentence.words),
    words,
    weights.redundancy,
    turns,
  );
  return chosen.sort((a, b) => a - b).map((i) => candidates[i]!.sentence);
}

const totalWords = (candidates: readonly Candidate<{ words: number }>[]) =>
  candidates.reduce((sum, { sentence }) => sum + sentence.words, 0);

/** However like each other they are. */
function bestScored<S extends { words: number }>(
  sentences: readonly S[],
  scores: readonly number[],
  words: number,
): S[] {
  const chosen = new Set<number>();
  let left = words;
  for (const i of [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!)) {
    // Half of the last sentence may stand over.
    if (sentences[i]!.words / 2 > left) continue;
    chosen.add(i);
    left -= sentences[i]!.words;
  }
  return sentences.filter((_, i) => chosen.has(i));
}

interface Vectors {
  rows: Float32Array[];
  query?: Float32Array;
}

async function embedAll(
  candidates: readonly Candidate<{ text: string }>[],
  query: string | undefined,
  embed: EmbedTexts,
  signal: AbortSignal | undefined,
): Promise<Vectors> {
  const texts = [...(query ? [query] : []), ...candidates.map(({ sentence }) => sentence.text)];
  const rows = (await embed(texts, signal ? { signal } : {})).map(normalized);
  return query ? { query: rows[0]!, rows: rows.slice(1) } : { rows };
}

async function lexicalVectors(
  candidates: readonly Candidate<unknown>[],
  query: string | undefined,
  turns: Turns,
): Promise<Vectors> {
  const { rows, weightOf } = await lexicalRows(
    candidates.map(({ bag }) => bag),
    turns,
  );
  return query ? { rows, query: lexicalVector(terms(query), weightOf) } : { rows };
}

async function scoresOf(
  candidates: readonly Candidate<{ text: string; words: number }>[],
  vectors: Vectors,
  weights: SummaryWeights,
  query: string | undefined,
  turns: Turns,
): Promise<number[]> {
  const features = await sentenceFeatures(
    {
      texts: candidates.map(({ sentence }) => sentence.text),
      words: candidates.map(({ sentence }) => sentence.words),
      terms: candidates.map(({ bag }) => bag),
      vectors: vectors.rows,
      ...(query && vectors.query ? { query: { text: query, vector: vectors.query } } : {}),
    },
    turns,
  );
  const row = featureNames.map((name) => weights.features[name] ?? 0);
  return features.map((values) => values.reduce((sum, value, i) => sum + value * row[i]!, 0));
}
