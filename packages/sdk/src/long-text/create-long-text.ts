/**
 * The long-text client: read, search, ask, summarize and write over a library of documents.
 * Refuses to know: how documents are read and found, how models run.
 */
import { TriviumError } from '@trivium/protocol';
import { assertWholeNumber } from '../base/whole-number.js';
import type { ReadOptions, ReadReport, SearchHit, SearchOptions, SourceText } from '../documents/types.js';
import { writeAnswer, writerOf } from './abstractive.js';
import { findCitations, quoteAnswer } from './ask-extractive.js';
import { loadSources } from './load-sources.js';
import { type Running, startRunning } from './running.js';
import { checkLength, summarizeSources } from './summarize.js';
import { textSource } from './summary-source.js';
import type { Answer, AskOptions, LongTextOptions, SummarizeOptions, Summary } from './types.js';
import { checkpointNames, settle, startWriting, type WriteOptions, type Writing } from './write/index.js';

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
          call.text === undefined ? await loadSources(library(), call) : [textSource(call.text)];
        const summary = await summarizeSources(sources, call, options, emit);
        return { ...summary, ms: performance.now() - started };
      }),
    write: (call) =>
      startWriting(async () => {
        const settings = await settle(call, options);
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
  const writer = await writerOf(call, options, emit);
  const limit = call.limit ?? (writer ? shownPassages : 3);
  assertWholeNumber('limit', limit, 1);
  const found = await findCitations(library, question, {
    limit: writer ? Math.max(shownPassages, limit) : limit,
    ...(call.signal ? { signal: call.signal } : {}),
  });
  const { citations } = found;
  if (citations.length === 0) {
    return {
      text: '',
      citations,
      mode: writer ? 'abstractive' : 'extractive',
      warnings: ['Nothing that was read fits the question.', ...found.warnings],
      ms: performance.now() - started,
    };
  }
  if (writer) {
    const { text, cited, warnings } = await writeAnswer(question, citations, limit, writer);
    const used = cited.map((index) => citations[index]!);
    return {
      text,
      citations: used,
      mode: 'abstractive',
      warnings: [...found.warnings, ...warnings],
      ms: performance.now() - started,
    };
  }
  const text = await quoteAnswer(question, found, options.embed, call.signal);
  emit(text);
  return { text, citations, mode: 'extractive', warnings: found.warnings, ms: performance.now() - started };
}

/** The sources of a writing; its own checkpoint, lying among the documents, is none of them, nor what is left of one. */
async function writeSources(
  { text, checkpoint, ...call }: WriteOptions,
  library: () => NonNullable<LongTextOptions['library']>,
): Promise<SourceText[]> {
  if (text !== undefined) return [textSource(text)];
  const sources = await loadSources(library(), call);
  if (checkpoint === undefined) return sources;
  const isCheckpoint = await checkpointNames(checkpoint);
  return sources.filter(({ path }) => !isCheckpoint(path));
}
