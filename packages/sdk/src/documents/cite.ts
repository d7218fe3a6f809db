/**
 * From the best passages of a search to citations: looks at the spans of these and of the passages beside them, and takes the
 * ranges in which the answer is likeliest. Refuses to know: how passages were found.
 */
import { type AnswerSpan, type CodeEnds, passageSpans } from './answer-spans.js';
import { answerWindows, type LikelySpan } from './answer-windows.js';
import { maximumCharacters } from './chunk-document.js';
import { chunkCount, headingPath, type IndexedDocument } from './indexed-document.js';
import { plainWords } from './plain-words.js';
import { ranking } from './ranking.js';
import { type ExaminedSpan, type SpanParts, spanEvidence } from './span-evidence.js';
import type { TokenEmbedder } from './token-matches.js';
import { Turns } from './turns.js';

export interface FoundPassage {
  document: IndexedDocument;
  chunk: number;
  score: number;
}

export interface FoundCitation {
  document: IndexedDocument;
  /** Offsets into the document's text. */
  start: number;
  end: number;
  /** How likely the answer stands there, among all that was looked at. */
  share: number;
  /** What it is made of; without an embedder there are no parts. */
  spans: {
    start: number;
    end: number;
    share: number;
    isHeading: boolean;
    isCode: boolean;
    parts?: SpanParts;
  }[];
}

/**
 * At most `limit` citations of at most 1,000 characters, the likeliest first; none overlaps another. Without an embedder it
 * goes by the order of the passages alone.
 * @param found best first
 * @throws an abort rejects with the signal's reason; what `embedTokens` throws.
 */
export async function cite(
  query: string,
  found: readonly FoundPassage[],
  embedder: TokenEmbedder | undefined,
  { limit, signal }: { limit: number; signal?: AbortSignal | undefined },
): Promise<FoundCitation[]> {
  const documents = [...new Set(found.map(({ document }) => document))];
  const turns = new Turns(signal);
  const spans: ExaminedSpan[] = [];
  for (const [number, document] of documents.entries())
    spans.push(...(await examined(document, number, found, turns)));
  const parts = embedder && (await spanEvidence(embedder, query, spans, signal));
  const shares = softmax(parts ? parts.map(weightOf) : spans.map(weightByRank));
  const likely = spans.map((span, at): LikelySpan => {
    const { text } = documents[span.document]!;
    const before = spans[at - 1];
    return {
      start: span.start,
      end: span.end,
      share: shares[at]!,
      follows: before?.document === span.document && text.slice(before.end, span.start).trim() === '',
      isHeading: span.kind === 'heading',
    };
  });
  return answerWindows(likely, { limit, characters: maximumCharacters }).map(({ from, to, share }) => ({
    document: documents[spans[from]!.document]!,
    start: spans[from]!.start,
    end: spans[to - 1]!.end,
    share,
    spans: likely.slice(from, to).map(({ start, end, share, isHeading }, at) => ({
      start,
      end,
      share,
      isHeading,
      isCode: spans[from + at]!.kind === 'code',
      ...(parts && { parts: parts[from + at]! }),
    })),
  }));
}

/** The spans of a document's found passages and of those beside them, each once, in their order. */
async function examined(
  document: IndexedDocument,
  number: number,
  found: readonly FoundPassage[],
  turns: Turns,
): Promise<ExaminedSpan[]> {
  const passages = new Map(
    found.flatMap((one, rank) => (one.document === document ? [[one.chunk, { ...one, rank }] as const] : [])),
  );
  const chunks = new Set([...passages.keys()].flatMap((chunk) => [chunk - 1, chunk, chunk + 1]));
  const spans: ExaminedSpan[] = [];
  const codeEnds: CodeEnds = new Map();
  for (const chunk of [...chunks].sort((a, b) => a - b)) {
    if (chunk < 0 || chunk >= chunkCount(document)) continue;
    await turns.next();
    const passage = passages.get(chunk);
    const above = plainWords(headingPath(document, chunk));
    for (const span of passageSpans(document, chunk, codeEnds)) {
      const known = spans.findLast(({ start }) => start <= span.start);
      const words = plainWords(document.text.slice(span.start, span.end));
      if (!known || known.end <= span.start)
        spans.push({ ...span, document: number, above, words, ...(passage && { passage }) });
      // Passages overlap by a sentence, which then has the better of both.
      else if (passage && (!known.passage || passage.score > known.passage.score)) known.passage = passage;
    }
  }
  return spans;
}

function weightOf(parts: SpanParts): number {
  return Object.entries(ranking.spanParts).reduce((sum, [name, weight]) => sum + weight * parts[name]!, 0);
}

/** Halves from passage to passage; a long span is likelier to answer than a short one. */
const weightByRank = ({ start, end, passage }: AnswerSpan & Pick<ExaminedSpan, 'passage'>): number =>
  Math.log(end - start) - Math.LN2 * (passage?.rank ?? 24);

function softmax(weights: readonly number[]): Float64Array {
  const most = weights.reduce((most, weight) => Math.max(most, weight), Number.NEGATIVE_INFINITY);
  const powers = Float64Array.from(weights, (weight) => Math.exp(weight - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
