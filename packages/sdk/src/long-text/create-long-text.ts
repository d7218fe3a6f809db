/**
 * The long-text client: read, search, ask, summarize and write over a library of documents.
 * Refuses to know: how documents are read and found, how models run.
 */
import { resolve } from 'node:path';
import { type Citation, TriviumError } from '@trivium/protocol';
import { placeInFile } from '../documents/places.js';
import type { ReadOptions, ReadReport, SearchHit, SearchOptions, SourceText } from '../documents/types.js';
import { assertWholeNumber } from '../whole-number.js';
import { estimateTokens, type Writer, writeAnswer, writeSummary } from './abstractive.js';
import { findCitations, quoteAnswer } from './ask-extractive.js';
import { type Running, startRunning } from './running.js';
import { selectSentences } from './summarize-extractive.js';
import { type SourceSentence, sentencesOf, textSource } from './summary-source.js';
import { trimSpan } from './trim-span.js';
import type { Answer, AskOptions, CallOptions, LongTextOptions, SummarizeOptions, Summary } from './types.js';
import { countWords } from './words.js';
import { settle, startWriting, type WriteOptions, type Writing } from './write/index.js';

export interface LongText {
  /** Makes the library hold what `paths` name. */
  read(paths: readonly string[], options?: ReadOptions): Promise<ReadReport>;
  search(query: string, options?: SearchOptions): Promise<SearchHit[]>;
  /**
   * Answers from what was read, with citations: quotes without a model, checked sentences with one.
   * @throws TriviumError `invalid-argument` without a library or question, `context-overflow` if the model cannot hold
   * one passage; an abort rejects with the signal's reason.
   */
  ask(question: string, options?: AskOptions): Running<Answer>;
  /** @throws as `ask`, and `invalid-argument` for words together with ratio, or for a source without sentences. */
  summarize(options?: SummarizeOptions): Running<Summary>;
  /**
   * Writes a text of `targetWords` words in three stages: `summary` (numbered points), `expand` (a section for each) and
   * `polish` (sections anew, for flow). Every citation is checked against its passage.
   * @throws TriviumError `invalid-argument` for wrong options, no model, no text to write from or a checkpoint of another
   * call, `bad-format` for a damaged checkpoint, `io` where it cannot be written, `context-overflow` if the model cannot
   * hold a passage, `cancelled` where the reader left the events; the provider's errors and an abort's reason as they are.
   * @example
   * const report = longText.write({ instruction: 'A briefing for the board', targetWords: 3000, summaryRatio: 0.3 });
   * for await (const event of report.events) if (event.type === 'stage-end') console.log(event.stage, event.words);
   * const { text, citations } = await report.result;
   */
  write(options: WriteOptions): Writing;
}

/** Passages that a model answers from, however few of them it may cite. */
const shownPassages = 8;

/**
 * @example
 * const longText = createLongText({ library: await createLibrary() });
 * await longText.read(['./docs']);
 * const { text, citations } = await longText.ask('How do I stop a stream?');
 */
export function createLongText(options: LongTextOptions = {}): LongText {
  const library = () => {
    if (options.library) return options.library;
    throw new TriviumError('invalid-argument', 'This long-text client has no library.', {
      field: 'library',
      remedy: 'Give createLongText({ library: await createLibrary() }), or summarize a text.',
    });
  };
  return {
    read: async (paths, readOptions) => library().read(paths, readOptions),
    search: async (query, searchOptions) => library().search(query, searchOptions),
    ask: (question, call = {}) => startRunning(async (emit) => ask(library(), question, call, options, emit)),
    summarize: (call = {}) =>
      startRunning(async (emit) => {
        const started = performance.now();
        checkLength(call);
        const sources =
          call.text === undefined ? await loadSources(library(), call.paths) : [textSource(call.text)];
        return summarizeSources(sources, call, options, emit, started);
      }),
    write: (call) =>
      startWriting(async () => {
        const settings = settle(call, options);
        return {
          settings,
          sources: await writeSources(call, library),
          ...(call.checkpoint !== undefined && { checkpoint: call.checkpoint }),
          ...(call.redo !== undefined && { redo: call.redo }),
          ...(options.embed && { embed: options.embed }),
        };
      }, call.signal),
  };
}

async function ask(
  library: NonNullable<LongTextOptions['library']>,
  question: string,
  call: AskOptions,
  options: LongTextOptions,
  emit: (delta: string) => void,
): Promise<Answer> {
  const started = performance.now();
  if (!question.trim()) {
    throw new TriviumError('invalid-argument', 'The question is empty.', {
      field: 'question',
      remedy: 'Ask something.',
    });
  }
  const writer = writerOf(call, options, emit);
  const limit = call.limit ?? (writer ? shownPassages : 3);
  assertWholeNumber('limit', limit, 1);
  const found = await findCitations(library, question, {
    limit: writer ? Math.max(shownPassages, limit) : limit,
    ...(call.signal ? { signal: call.signal } : {}),
  });
  const { citations } = found;
  if (citations.length === 0) {
    const warnings = ['Nothing that was read fits the question.'];
    return {
      text: '',
      citations,
      mode: writer ? 'abstractive' : 'extractive',
      warnings,
      ms: performance.now() - started,
    };
  }
  if (writer) {
    const { text, cited, warnings } = await writeAnswer(question, citations, limit, writer);
    const used = cited.map((index) => citations[index]!);
    return { text, citations: used, mode: 'abstractive', warnings, ms: performance.now() - started };
  }
  const text = await quoteAnswer(question, found, options.embed, call.signal);
  emit(text);
  return { text, citations, mode: 'extractive', warnings: [], ms: performance.now() - started };
}

async function summarizeSources(
  sources: readonly SourceText[],
  call: SummarizeOptions,
  options: LongTextOptions,
  emit: (delta: string) => void,
  started: number,
): Promise<Summary> {
  const sentences = sentencesOf(sources);
  if (sentences.length === 0) {
    throw new TriviumError('invalid-argument', 'There are no sentences to summarize.', {
      remedy: 'Read documents with prose, or pass a text.',
    });
  }
  const sourceTokens = await countTokens(sources, options);
  const sourceWords = sources.reduce((sum, source) => sum + countWords(source.text), 0);
  const words = call.words ?? (call.ratio === undefined ? 150 : Math.max(1, call.ratio * sourceWords));
  const writer = writerOf(call, options, emit);
  if (writer) {
    const passages = sources.flatMap(sourcePassages);
    const { text, cited, warnings } = await writeSummary(
      passages,
      words,
      call.query,
      writer,
      call.onProgress,
    );
    const citations = cited.map((index) => passages[index]!);
    return { text, citations, mode: 'abstractive', sourceTokens, warnings, ms: performance.now() - started };
  }
  call.signal?.throwIfAborted();
  const chosen = await selectSentences(sentences, {
    words,
    ...(call.query ? { query: call.query } : {}),
    ...(options.embed ? { embed: options.embed } : {}),
    ...(call.signal ? { signal: call.signal } : {}),
  });
  const text = joinSentences(chosen);
  emit(text);
  const citations = chosen.map(({ source, start, end }) => citationAt(source, start, end));
  return { text, citations, mode: 'extractive', sourceTokens, warnings: [], ms: performance.now() - started };
}

function writerOf(
  call: CallOptions,
  options: LongTextOptions,
  emit: (delta: string) => void,
): Writer | undefined {
  const model = call.model === undefined ? options.model : call.model;
  if (!model) return undefined;
  return {
    model,
    contextTokens: options.contextTokens ?? 8192,
    countTokens: options.countTokens ?? estimateTokens,
    emit,
    ...(options.embed ? { embed: options.embed } : {}),
    ...(call.signal ? { signal: call.signal } : {}),
  };
}

function checkLength({ words, ratio }: SummarizeOptions): void {
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

async function loadSources(library: NonNullable<LongTextOptions['library']>, paths?: readonly string[]) {
  return Promise.all((paths ?? (await library.paths())).map((path) => library.document(path)));
}

/** The sources of a writing; its own checkpoint, lying among the documents, is none of them. */
async function writeSources(
  { text, paths, checkpoint }: WriteOptions,
  library: () => NonNullable<LongTextOptions['library']>,
): Promise<SourceText[]> {
  if (text !== undefined) return [textSource(text)];
  const sources = await loadSources(library(), paths);
  return sources.filter(({ path }) => checkpoint === undefined || resolve(path) !== resolve(checkpoint));
}

async function countTokens(
  sources: readonly SourceText[],
  { countTokens: count }: LongTextOptions,
): Promise<number> {
  let total = 0;
  for (const { text } of sources) total += count ? await count(text) : estimateTokens(text);
  return total;
}

/** Blocks joined to passages of about 1,500 characters; a longer block is cut. */
function sourcePassages(source: SourceText): Citation[] {
  const size = 1500;
  const passages: Citation[] = [];
  let start = 0;
  const ends = source.blocks.map(({ end }) => end);
  if (ends.at(-1) !== source.text.length) ends.push(source.text.length);
  const flush = (end: number) => {
    const said = trimSpan(source.text, start, end);
    if (said.start < said.end) passages.push(citationAt(source, said.start, said.end));
    start = end;
  };
  for (const [i, end] of ends.entries()) {
    if (end - start > size && (ends[i - 1] ?? 0) > start) flush(ends[i - 1]!);
    while (end - start > size) flush(characterEdge(source.text, start + size));
  }
  flush(source.text.length);
  return passages;
}

/** The offset, or the one before where it stands between the halves of a surrogate pair. */
function characterEdge(text: string, offset: number): number {
  const code = text.charCodeAt(offset - 1);
  return code >= 0xd800 && code < 0xdc00 ? offset - 1 : offset;
}

function citationAt(source: SourceText, start: number, end: number): Citation {
  return { path: source.path, ...placeInFile(source, start, end), text: source.text.slice(start, end) };
}

/** Sentences that follow each other flow; a gap starts a new line. Chinese needs no space between. */
function joinSentences(sentences: readonly SourceSentence[]): string {
  let text = '';
  for (const [i, sentence] of sentences.entries()) {
    const previous = sentences[i - 1];
    const plain = sentence.text.replace(/^[-*+] +|^\d+[.)] +/u, '').replace(/\s+/gu, ' ');
    const isNext =
      previous?.source === sentence.source &&
      previous.source.text.slice(previous.end, sentence.start).trim() === '';
    const gap = !isNext ? '\n' : /\p{Script=Han}|[。！？」”]$/u.test(previous.text.slice(-1)) ? '' : ' ';
    text += i === 0 ? plain : gap + plain;
  }
  return text;
}
