/**
 * Answers a question with quotes: takes the library's citations, and quotes their best sentences.
 * Refuses to know: language models, how the library searches.
 */
import { type Citation, codeIn } from '@trivium/protocol';
import { characterEdge } from '../documents/chunk-document.js';
import { dot, normalized } from '../documents/vectors.js';
import { quotedCode, quotedProse, withoutFences } from './quoted.js';
import { splitSentences } from './sentences.js';
import type { EmbedTexts, LongTextLibrary } from './types.js';
import { stripQuestion, terms } from './words.js';

const answerSentences = 3;
const answerCharacters = 600;
/** What is less likely than this share of the likeliest is not quoted. */
const leastShare = 0.25;

/** Something that may be quoted from citation number `index`. */
interface Quote {
  index: number;
  /** Offset into the citation's text. */
  start: number;
  text: string;
  isCode: boolean;
  score: number;
}

export interface Found {
  citations: Citation[];
  /** What of them answers likeliest; empty where the library does not say. */
  quotes: Quote[];
  /** What of the search works less well than it could. */
  warnings: string[];
}

/** Where the library finds the answer likeliest. */
export async function findCitations(
  library: LongTextLibrary,
  question: string,
  options: { limit: number; signal?: AbortSignal },
): Promise<Found> {
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);
  const hits = await library.search(question, { ...options, level: 'citation', onWarning });
  const citations = hits.map(({ path, start, end, text, line, page }) => {
    const citation: Citation = { path, start, end, text, line };
    return page === undefined ? citation : { ...citation, page };
  });
  const quotes = hits.flatMap(({ text, likely = [] }, index) =>
    likely.map(
      ({ start, end, share, isCode = false }): Quote => ({
        index,
        start,
        text: text.slice(start, end),
        isCode,
        score: share,
      }),
    ),
  );
  const best = quotes.reduce((most, { score }) => Math.max(most, score), 0);
  return { citations, quotes: quotes.filter(({ score }) => score >= leastShare * best), warnings };
}

/** The best sentences of the citations in the order of the citations, each quoted with its number. */
export async function quoteAnswer(
  question: string,
  { citations, quotes }: Omit<Found, 'warnings'>,
  embed?: EmbedTexts,
  signal?: AbortSignal,
): Promise<string> {
  let said = quotes.filter(isSaid);
  // A fence is taken off only then: short code as likely as prose says the answer less often.
  if (said.length === 0) said = quotes.map(withoutItsFences).filter(isSaid);
  if (said.length === 0) said = await scoredSentences(question, citations, embed, signal);
  const kept: Quote[] = [];
  let characters = 0;
  for (const quote of said.sort((a, b) => b.score - a.score)) {
    const text = headOf(quote.text);
    if (kept.length >= answerSentences || (kept.length > 0 && characters + text.length > answerCharacters))
      break;
    kept.push({ ...quote, text });
    characters += text.length;
  }
  kept.sort((a, b) => a.index - b.index || a.start - b.start);
  return kept.map(cited).join('\n');
}

/** Behind the fence that ends code nothing may stand. */
function cited({ text, isCode, index }: Quote): string {
  const said = isCode ? quotedCode(withoutFences(text)) : quotedProse(text);
  return `${said}${/\n`{3,}$/.test(said) ? '\n' : ' '}[${index + 1}]`;
}

const withoutItsFences = (quote: Quote): Quote =>
  quote.isCode ? { ...quote, text: withoutFences(quote.text) } : quote;

const headOf = (text: string) => text.slice(0, characterEdge(text, answerCharacters));

/** Rules, fences and imports say nothing. */
const isSaid = ({ text }: { text: string }) =>
  /[\p{L}\p{N}].*[\p{L}\p{N}]/u.test(text) && !/^(?:```|import |---)/.test(text);

/** Sentences by what they share with the question: its words, and with an embedder its meaning. */
async function scoredSentences(
  question: string,
  citations: readonly Citation[],
  embed?: EmbedTexts,
  signal?: AbortSignal,
): Promise<Quote[]> {
  const all = citations.flatMap((citation, index) => {
    const code = codeIn(citation.text);
    return splitSentences(citation.text).map(({ start, end, text }) => {
      const isCode = code.some((range) => range.start <= start && end <= range.end);
      return { start, text: headOf(text), isCode, index };
    });
  });
  // A heading repeats the question and answers nothing; it is quoted only where there is nothing else.
  const said = all.filter(isSaid);
  const plain = said.filter(({ text }) => !/^#{1,6} /.test(text));
  const sentences = plain.length > 0 ? plain : said;
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
  return sentences.map((sentence, i) => ({
    ...sentence,
    score: similarity[i]! + 0.5 * overlap(sentence) - 0.1 * sentence.index,
  }));
}
