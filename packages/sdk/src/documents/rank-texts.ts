/**
 * Ranks texts of any length by a ranker that reads a passage at a time: in pieces that it reads whole, a text being as good as
 * its best piece. Refuses to know: libraries, what a score is used for.
 */
import type { NativeModel } from '@trivium/native';
import { weigh } from './candidates.js';
import { interactionParts } from './late-interaction.js';
import { largestInput, matchRanker } from './passage-ranker.js';
import { ranking } from './ranking.js';
import { sentenceEnds } from './sentences.js';
import { mostQueryTokens, type TokenEmbedder } from './token-matches.js';

interface RankedTexts {
  /** (texts), logits: the ranker's, moved by what token matches say of each text beside the others. */
  scores: Float32Array;
  /** Tokens of the query; the ranker reads the first `largestInput.query` of them. */
  queryTokens: number;
}

/** This runs on the event loop's thread: few matches are found in one turn. */
const passagesAtOnce = 8;
/** Tokens that a piece may gain where a cut parts what its tokenizer took together. */
const slack = 4;

/**
 * By the cross-encoder of `@trivium/nano`; see `matchRanker`.
 * @throws the engine's TriviumErrors; the abort reason
 */
export async function rankTexts(
  model: NativeModel,
  embedder: TokenEmbedder,
  asked: string,
  texts: readonly string[],
  { signal }: { signal?: AbortSignal } = {},
): Promise<RankedTexts> {
  const askedSpans = await model.tokenizer.encodeSpans(asked);
  const queryTokens = askedSpans.length / 3;
  // More of it is not matched, and it is read with every few passages.
  const query = queryTokens > mostQueryTokens ? asked.slice(0, askedSpans[3 * mostQueryTokens - 1]) : asked;
  const room = largestInput.whole - 1 - Math.min(queryTokens, largestInput.query) - slack;
  const spans = await Promise.all(texts.map((text) => model.tokenizer.encodeSpans(text)));
  const pieces = texts.flatMap((text, at) =>
    piecesOf(text, spans[at]!, room).map((piece) => ({ at, passage: { above: '', text: piece } })),
  );
  const passages = pieces.map(({ passage }) => passage);
  const logits = await matchRanker(model, embedder, passagesAtOnce).rank(query, passages, { signal });
  const { window, pairs } = await interactionParts(
    embedder,
    query,
    passages.map(({ text }) => text),
    { signal, passagesAtOnce },
  );
  const { ranked } = weigh([...pieces.keys()], { window, pairs }, ranking.rankedParts, logits);
  const scores = new Float32Array(texts.length).fill(Number.NEGATIVE_INFINITY);
  for (const [piece, score] of ranked) {
    const { at } = pieces[piece]!;
    scores[at] = Math.max(scores[at]!, score);
  }
  return { scores, queryTokens };
}

/**
 * Pieces of at most `room` tokens that together are the text, each ending where a sentence does, else where a word does.
 * @param spans (id, start, end) of each token, UTF-16 offsets
 */
export function piecesOf(text: string, spans: Int32Array, room: number): string[] {
  const count = spans.length / 3;
  if (count <= room) return [text];
  const startOf = (token: number) => spans[3 * token + 1]!;
  const ends = sentenceEnds(text, 0, text.length);
  const pieces: string[] = [];
  for (let [token, sentence, begin] = [0, 0, 0]; begin < text.length; ) {
    const most = token + room < count ? startOf(token + room) : text.length;
    while (sentence < ends.length && ends[sentence]! <= most) sentence += 1;
    let cut = ends[sentence - 1] ?? begin;
    if (cut <= begin) cut = begin + text.slice(begin, most).lastIndexOf(' ') + 1;
    if (cut <= begin) cut = most;
    pieces.push(text.slice(begin, cut));
    while (token < count && startOf(token) < cut) token += 1;
    begin = cut;
  }
  return pieces;
}
