/**
 * What speaks for a span being the answer: how its words and those around it match the query, how its passage was ranked, what
 * kind of text it is. How these weigh is in `ranking.ts`. Refuses to know: documents, and what is done with
 * likelihoods.
 */
import { tellingWeights, weighted } from './late-interaction.js';
import { type QuestionKind, questionKinds } from './question-kinds.js';
import { largest, matchTokens, type TokenEmbedder } from './token-matches.js';
import type { BlockKind } from './types.js';

/** A span among all that are looked at, those of one document one after the other. */
export interface ExaminedSpan {
  /** Number of its document. */
  document: number;
  start: number;
  end: number;
  kind: BlockKind;
  /** Title and headings above it, and its own words. */
  above: string;
  words: string;
  /** Of the best passage that holds it, or absent where that was only met beside others. */
  passage?: { score: number; rank: number };
}

/** Characters before a span that still speak for it. */
const near = 400;
/** What stands this close to the beginning of a document is its title and the like. */
const opening = 200;

/** One value a span and part, by the part's name. */
export type SpanParts = Record<string, number>;

/** @throws an abort rejects with the signal's reason; what `embedTokens` throws. */
export async function spanEvidence(
  embedder: TokenEmbedder,
  query: string,
  spans: readonly ExaminedSpan[],
  signal?: AbortSignal,
): Promise<SpanParts[]> {
  const headings = [...new Set(spans.map(({ above }) => above))];
  const texts = [...spans.map(({ words }) => words), ...headings];
  const { weights, blocks, covered } = await matchTokens(embedder, query, texts, { signal });
  const likest = blocks.map((one) => largest(weights.length, one));
  const telling = tellingWeights(weights, likest.slice(0, spans.length));
  const match = (...rows: Float32Array[]) => weighted(telling, largest(weights.length, ...rows));
  const headingAt = new Map(headings.map((above, at) => [above, spans.length + at]));
  const passages = passageScores(spans);
  const kinds = questionKinds(query);
  const parts = spans.map((span, at): SpanParts => {
    const before: Float32Array[] = [];
    for (let other = at - 1; other >= 0 && isNear(spans[other]!, span); other--) before.push(likest[other]!);
    const own = likest[at]!;
    return {
      ...passages[at]!,
      own: match(own),
      exact: match(own.map((cosine) => (cosine >= 0.999 ? 1 : 0))),
      before: match(...before),
      headed: match(own, likest[headingAt.get(span.above)!]!),
      covered: covered[at]!,
      length: Math.log1p(span.end - span.start),
      heading: Number(span.kind === 'heading'),
      code: Number(span.kind === 'code'),
      list: Number(span.kind === 'list'),
      table: Number(span.kind === 'table'),
      opens: Number(span.start < opening),
      depth: Math.log1p(span.start),
      asks: Number(/[?？]\W*$/.test(span.words)),
      ...answerParts(span, kinds),
    };
  });
  for (const name of ['own', 'headed']) addShares(parts, name);
  return parts;
}

/** Whether a span is of the kind of answer that the question wants: a command for how, a figure for how many. */
function answerParts({ words, kind }: ExaminedSpan, wanted: ReadonlySet<QuestionKind>): SpanParts {
  const both = (asked: QuestionKind, has: boolean) => Number(has && wanted.has(asked));
  const isCode = kind === 'code';
  const hasDigits = /\d/.test(words);
  const hasNames = identifier.test(words);
  return {
    howCode: both('how', isCode),
    howNames: both('how', hasNames),
    howDigits: both('how', hasDigits),
    numberDigits: both('number', hasDigits),
    whyCode: both('why', isCode),
    whyNames: both('why', hasNames),
    whetherDenies: both('whether', denial.test(words)),
    whetherDigits: both('whether', hasDigits),
  };
}

const identifier = /[a-z][A-Z]|\w[_.]\w|\w\(|(?:^|\s)--?\w|@\w|\/\w/;
const denial =
  /\b(?:not|no|cannot|never|only|must|always|required|supported)\b|n't\b|不|没|无法|必须|仅|只能|支持/i;

const isNear = (other: ExaminedSpan, span: ExaminedSpan) =>
  other.document === span.document && span.start - other.end < near;

/** What its passage, those beside it and its document have, in the scores of the search. */
function passageScores(spans: readonly ExaminedSpan[]): SpanParts[] {
  const least = spans.reduce((least, { passage }) => Math.min(least, passage?.score ?? 0), 0);
  const best = new Map<number, number>();
  for (const { document, passage } of spans)
    if (passage) best.set(document, Math.max(best.get(document) ?? least, passage.score));
  const beside = (at: number, step: 1 | -1): number => {
    for (let other = at; spans[other]?.document === spans[at]!.document; other += step) {
      const { passage } = spans[other]!;
      if (passage) return passage.score - least;
    }
    return 0;
  };
  return spans.map(({ document, passage }, at) => ({
    passage: passage?.score ?? least,
    inside: Number(passage !== undefined),
    rank: Math.log1p(passage?.rank ?? 24),
    after: passage ? 0 : beside(at, -1),
    ahead: passage ? 0 : beside(at, 1),
    document: best.get(document) ?? least,
  }));
}

/** Adds a part that says what share of the largest value each has. */
function addShares(parts: SpanParts[], name: string): void {
  const most = parts.reduce((most, part) => Math.max(most, part[name]!), 0) || 1;
  for (const part of parts) part[`${name}Share`] = part[name]! / most;
}
