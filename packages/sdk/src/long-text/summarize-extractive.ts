/**
 * Chooses the sentences of a summary: features and weights score them, maximal marginal relevance (Carbonell and
 * Goldstein, 1998) keeps them different, and they come out in source order.
 * Refuses to know: files, language models.
 */
import { featureNames, sentenceFeatures } from './summary-features.js';
import type { SourceSentence } from './summary-source.js';
import { plainWeights, queryWeights, type SummaryWeights } from './summary-weights.js';
import type { EmbedTexts } from './types.js';
import { dot, lexicalVector, normalized } from './vectors.js';
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

/** Sentences of about `words` words in source order. Never empty unless `sentences` is. */
export async function selectSentences<S extends Pick<SourceSentence, 'text' | 'words'>>(
  sentences: readonly S[],
  { words, query, embed, weights = query ? queryWeights : plainWeights, signal }: SelectionOptions,
): Promise<S[]> {
  let candidates = [...sentences];
  if (embed && candidates.length > embeddedAtMost) {
    const scores = scoresOf(candidates, lexicalVectors(candidates, query), weights, query);
    const floor = [...scores].sort((a, b) => b - a)[embeddedAtMost - 1]!;
    candidates = candidates.filter((_, i) => scores[i]! >= floor).slice(0, embeddedAtMost);
    // A summary that takes them all and more needs no vectors to choose among them.
    if (totalWords(candidates) < words) return bestScored(sentences, scores, words);
  }
  const vectors = embed
    ? await embedAll(candidates, query, embed, signal)
    : lexicalVectors(candidates, query);
  const scores = scoresOf(candidates, vectors, weights, query);
  const chosen = chooseDiverse(
    scores,
    vectors.rows,
    candidates.map((sentence) => sentence.words),
    words,
    weights.redundancy,
  );
  return chosen.sort((a, b) => a - b).map((i) => candidates[i]!);
}

const totalWords = (sentences: readonly { words: number }[]) =>
  sentences.reduce((sum, sentence) => sum + sentence.words, 0);

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
  sentences: readonly { text: string }[],
  query: string | undefined,
  embed: EmbedTexts,
  signal: AbortSignal | undefined,
): Promise<Vectors> {
  const texts = [...(query ? [query] : []), ...sentences.map(({ text }) => text)];
  const rows = (await embed(texts, signal ? { signal } : {})).map(normalized);
  return query ? { query: rows[0]!, rows: rows.slice(1) } : { rows };
}

function lexicalVectors(sentences: readonly { text: string }[], query: string | undefined): Vectors {
  const bags = sentences.map(({ text }) => terms(text));
  const having = new Map<string, number>();
  for (const bag of bags) for (const term of new Set(bag)) having.set(term, (having.get(term) ?? 0) + 1);
  const weightOf = (term: string) => Math.log(1 + bags.length / (having.get(term) ?? bags.length));
  const rows = bags.map((bag) => lexicalVector(bag, weightOf));
  return query ? { rows, query: lexicalVector(terms(query), weightOf) } : { rows };
}

function scoresOf(
  sentences: readonly { text: string; words: number }[],
  vectors: Vectors,
  weights: SummaryWeights,
  query: string | undefined,
): number[] {
  const features = sentenceFeatures({
    texts: sentences.map(({ text }) => text),
    words: sentences.map((sentence) => sentence.words),
    vectors: vectors.rows,
    ...(query && vectors.query ? { query: { text: query, vector: vectors.query } } : {}),
  });
  const row = featureNames.map((name) => weights.features[name] ?? 0);
  return features.map((values) => values.reduce((sum, value, i) => sum + value * row[i]!, 0));
}

/** Indices in the order chosen. */
export function chooseDiverse(
  scores: readonly number[],
  vectors: readonly Float32Array[],
  lengths: readonly number[],
  words: number,
  redundancy: number,
): number[] {
  const chosen: number[] = [];
  const likeness = new Float64Array(scores.length);
  const open = new Set(scores.keys());
  let total = 0;
  while (open.size > 0 && total < words) {
    let best = -1;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const i of open) {
      const score = scores[i]! - redundancy * likeness[i]!;
      if (score > bestScore) [best, bestScore] = [i, score];
    }
    open.delete(best);
    const overshoot = total + lengths[best]! - words;
    // Half of the last sentence may stand over; beyond that it is worth it only as the first one.
    if (chosen.length > 0 && overshoot > Math.max(lengths[best]! / 2, 1)) {
      if (words - total < 8) break;
      continue;
    }
    chosen.push(best);
    total += lengths[best]!;
    for (const i of open) likeness[i] = Math.max(likeness[i]!, dot(vectors[best]!, vectors[i]!));
  }
  return chosen;
}
