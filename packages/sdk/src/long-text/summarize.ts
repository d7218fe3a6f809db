/**
 * Summaries with citations: of the source's own sentences or, with a language model, in its words. On the thread of the
 * caller, who is heard meanwhile. Refuses to know: where sources come from, how sentences are chosen, how a model is asked.
 */
import { type Citation, TriviumError } from '@trivium/protocol';
import { characterEdge } from '../documents/chunk-document.js';
import { placeInFile } from '../documents/places.js';
import { Turns } from '../documents/turns.js';
import type { SourceText } from '../documents/types.js';
import { writerOf, writeSummary } from './abstractive.js';
import { type CountTokens, estimateTokens } from './model-measures.js';
import { quotedCode, quotedProse, withEscapedMarkers, withoutFences } from './quoted.js';
import { selectSentences } from './summarize-extractive.js';
import { type SourceSentence, sentencesOf } from './summary-source.js';
import { trimSpan } from './trim-span.js';
import type { LongTextOptions, SummarizeOptions, Summary } from './types.js';
import { lengthInWords } from './words.js';

/** Words of a summary for which nothing else was asked. */
const usualWords = 150;

/** @throws TriviumError `invalid-argument` */
export function checkLength({ words, ratio }: SummarizeOptions): void {
  const isWrong =
    (words !== undefined && !(words >= 1)) || (ratio !== undefined && !(ratio > 0 && ratio <= 1));
  if (!isWrong && (words === undefined || ratio === undefined)) return;
  throw new TriviumError(
    'invalid-argument',
    'The length of a summary is words >= 1, or a ratio over 0 to 1, not both.',
    {
      field: words === undefined ? 'ratio' : 'words',
      remedy: 'Give one of them.',
    },
  );
}

/** @throws as `LongText.summarize` says */
export async function summarizeSources(
  sources: readonly SourceText[],
  call: SummarizeOptions,
  options: LongTextOptions,
  emit: (delta: string) => void,
): Promise<Omit<Summary, 'ms'>> {
  const turns = new Turns(call.signal);
  const writer = await writerOf(call, options, emit);
  const passages = writer && (await passagesOf(sources, turns));
  const sentences = writer ? [] : await sentencesOf(sources, turns);
  if ((passages ?? sentences).length === 0) {
    throw new TriviumError('invalid-argument', 'There is nothing to summarize.', {
      remedy: 'Read documents that say something, or pass a text.',
    });
  }
  const sourceTokens = await countTokens(sources, writer?.countTokens ?? options.countTokens, turns);
  const words =
    call.ratio === undefined
      ? (call.words ?? usualWords)
      : Math.max(1, call.ratio * (await totalWords(sources, turns)));
  if (writer && passages) {
    const { text, cited, warnings } = await writeSummary(
      passages,
      words,
      call.query,
      writer,
      call.onProgress,
    );
    const citations = cited.map((index) => passages[index]!);
    return { text, citations, mode: 'abstractive', sourceTokens, warnings };
  }
  const chosen = await selectSentences(sentences, {
    words,
    ...(call.query ? { query: call.query } : {}),
    ...(options.embed ? { embed: options.embed } : {}),
    ...(call.signal ? { signal: call.signal } : {}),
  });
  const text = joinSentences(chosen);
  emit(text);
  const citations = await turns.map(chosen, ({ source, start, end }) => citationAt(source, start, end));
  return { text, citations, mode: 'extractive', sourceTokens, warnings: [] };
}

async function countTokens(
  sources: readonly SourceText[],
  count: CountTokens = estimateTokens,
  turns: Turns,
): Promise<number> {
  let total = 0;
  for (const { text } of sources) {
    if (count !== estimateTokens) total += await count(text);
    else
      for (const piece of pieces(text)) {
        total += estimateTokens(piece);
        await turns.next();
      }
  }
  return total;
}

async function totalWords(sources: readonly SourceText[], turns: Turns): Promise<number> {
  let total = 0;
  for (const { text } of sources) {
    for (const piece of pieces(text)) {
      total += lengthInWords(piece);
      await turns.next();
    }
  }
  return total;
}

/** Pieces of 8 Ki characters and more that end with a line, as words do. */
function* pieces(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const line = text.indexOf('\n', from + 0x2000);
    const to = line < 0 ? text.length : line + 1;
    yield text.slice(from, to);
    from = to;
  }
}

async function passagesOf(sources: readonly SourceText[], turns: Turns): Promise<Citation[]> {
  const passages: Citation[] = [];
  for (const source of sources) {
    for (const passage of sourcePassages(source)) {
      passages.push(passage);
      await turns.next();
    }
  }
  return passages;
}

/** Blocks joined to passages of about 1,500 characters; a longer block is cut. */
function* sourcePassages(source: SourceText): Generator<Citation> {
  const size = 1500;
  let start = 0;
  const ends = source.blocks.map(({ end }) => end);
  if (ends.at(-1) !== source.text.length) ends.push(source.text.length);
  function* flush(end: number): Generator<Citation> {
    const said = trimSpan(source.text, start, end);
    if (said.start < said.end) yield citationAt(source, said.start, said.end);
    start = end;
  }
  for (const [i, end] of ends.entries()) {
    if (end - start > size && (ends[i - 1] ?? 0) > start) yield* flush(ends[i - 1]!);
    while (end - start > size) yield* flush(characterEdge(source.text, start + size));
  }
  yield* flush(source.text.length);
}

function citationAt(source: SourceText, start: number, end: number): Citation {
  return { path: source.path, ...placeInFile(source, start, end), text: source.text.slice(start, end) };
}

/**
 * Sentences that follow each other flow; a gap starts a new line. Chinese needs no space between. What a source has in
 * brackets is no citation.
 */
function joinSentences(sentences: readonly SourceSentence[]): string {
  let text = '';
  for (const [i, sentence] of sentences.entries()) {
    const previous = sentences[i - 1];
    const said = sentence.isCode
      ? quotedCode(withoutFences(sentence.text).trim())
      : oneLine(quotedProse(sentence.text));
    const isNext =
      previous?.source === sentence.source &&
      previous.source.text.slice(previous.end, sentence.start).trim() === '';
    const isOfLines = sentence.isCode || previous?.isCode;
    const gap =
      !isNext || isOfLines ? '\n' : /\p{Script=Han}|[。！？」”]$/u.test(previous.text.slice(-1)) ? '' : ' ';
    text += i === 0 ? said : gap + said;
  }
  return withEscapedMarkers(text);
}

const oneLine = (text: string) => text.replace(/^[-*+] +|^\d+[.)] +/u, '').replace(/\s+/gu, ' ');
