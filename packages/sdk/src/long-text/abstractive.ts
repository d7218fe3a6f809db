/**
 * `ask` and `summarize` written by a language model through the AI SDK: numbered passages in, text with markers out,
 * every marker checked. A source longer than the model's context is summarized group by group, then the summaries.
 * Refuses to know: how passages were found.
 */
import { TriviumError } from '@trivium/protocol';
import type { LanguageModel } from 'ai';
import { type AnyLanguageModel, assertLanguageModel, loadAi } from '../base/ai-sdk.js';
import { Turns } from '../documents/turns.js';
import { type CheckedText, checkCitations } from './check-citations.js';
import { noteTokensPerWord, warningOfManyCalls } from './many-calls.js';
import { type ModelMeasures, measuresOf } from './model-measures.js';
import { askPrompt, askSystem, passagesText, summarizePrompt, summarizeSystem } from './prompts.js';
import type { CallOptions, EmbedTexts, LongTextOptions, SummarizeProgress } from './types.js';

export interface Writer extends ModelMeasures {
  model: AnyLanguageModel;
  embed?: EmbedTexts;
  signal?: AbortSignal;
  emit: (delta: string) => void;
}

/**
 * None where nothing but quotes is wanted.
 * @throws TriviumError `invalid-argument` for what is no model, and as `measuresOf` does
 */
export async function writerOf(
  call: CallOptions,
  options: LongTextOptions,
  emit: (delta: string) => void,
): Promise<Writer | undefined> {
  const model = call.model === undefined ? options.model : call.model;
  if (!model) return undefined;
  assertLanguageModel(model, 'model');
  return {
    model,
    ...(await measuresOf(model, options, call.signal)),
    emit,
    ...(options.embed ? { embed: options.embed } : {}),
    ...(call.signal ? { signal: call.signal } : {}),
  };
}

interface NumberedPassage {
  text: string;
  path?: string;
  number: number;
}

/** Kept free for what a chat template adds to system and prompt. */
const templateTokens = 100;
/** Tokens of a note's number, about. */
const numberTokens = 4;

/** @param atMost passages that it may cite; it is shown as many of them as fit */
export async function writeAnswer(
  question: string,
  passages: readonly { text: string; path: string }[],
  atMost: number,
  writer: Writer,
): Promise<CheckedText> {
  const maxOutputTokens = Math.min(1024, Math.floor(writer.contextTokens / 4));
  const numbered = passages.map(({ text, path }, i) => ({ text, path, number: i + 1 }));
  const room = await roomFor(writer, maxOutputTokens, `${askSystem}\n\n${askPrompt(question, '')}`);
  const [fitting = []] = await groupPassages(numbered, room, writer);
  const prompt = askPrompt(question, passagesText(fitting));
  const written = await write({ what: 'answer', system: askSystem, prompt, maxOutputTokens }, writer);
  const checked = await checkCitations(written.text, passages, writer.embed, writer.signal, atMost);
  return { ...checked, warnings: [...written.warnings, ...checked.warnings] };
}

export async function writeSummary(
  passages: readonly { text: string; path: string }[],
  words: number,
  query: string | undefined,
  writer: Writer,
  onProgress: (progress: SummarizeProgress) => void = () => {},
): Promise<CheckedText> {
  // A token is about 0.7 words; the markers and the last sentence take the rest.
  const answerTokens = Math.min(Math.ceil(words * 2) + 64, Math.floor(writer.contextTokens / 3));
  const system = summarizeSystem;
  const room = await roomFor(writer, answerTokens, `${system}\n\n${summarizePrompt('', words, query)}`);
  let groups = await groupPassages(
    passages.map(({ text, path }, i): NumberedPassage => ({ text, path, number: i + 1 })),
    room,
    writer,
  );
  const shareOf = (chunks: number) => Math.max(40, Math.floor((room * 0.5) / chunks));
  const message = warningOfManyCalls(groups.length, countNotes(groups.length, room, words, shareOf));
  if (message !== undefined) onProgress({ type: 'warning', message });
  const warnings: string[] = [];
  for (let level = 1; groups.length > 1; level++) {
    const share = shareOf(groups.length);
    const maxOutputTokens = Math.min(answerTokens, share * 2);
    const notes: NumberedPassage[] = [];
    for (const [i, group] of groups.entries()) {
      const prompt = summarizePrompt(passagesText(group), Math.min(words, share), query);
      const note = await write({ what: 'note', system, prompt, maxOutputTokens }, writer);
      warnings.push(...note.warnings);
      // Notes keep the markers of their passages and stand under the number of their first one.
      notes.push({ number: group[0]!.number, text: note.text });
      onProgress({ type: 'chunk-end', level, chunk: i + 1, chunks: groups.length });
    }
    const next = await groupPassages(notes, room, writer);
    if (next.length >= groups.length) {
      throw new TriviumError(
        'context-overflow',
        "The model's context is too small to summarize this source.",
        {
          field: 'contextTokens',
          found: String(writer.contextTokens),
          remedy: `${writer.longerContext}, or summarize without a model.`,
        },
      );
    }
    groups = next;
  }
  const prompt = summarizePrompt(passagesText(groups[0] ?? []), words, query);
  const written = await write({ what: 'summary', system, prompt, maxOutputTokens: answerTokens }, writer);
  const checked = await checkCitations(written.text, passages, writer.embed, writer.signal);
  return { ...checked, warnings: [...new Set([...warnings, ...written.warnings]), ...checked.warnings] };
}

/** Notes that so many chunks take, with those on notes, where notes are about as long as they are asked to be. */
function countNotes(
  chunks: number,
  room: number,
  words: number,
  shareOf: (chunks: number) => number,
): number {
  let notes = 0;
  for (let left = chunks; left > 1; ) {
    notes += left;
    const noteTokens = Math.min(words, shareOf(left)) * noteTokensPerWord + numberTokens;
    left = Math.min(left - 1, Math.ceil((left * noteTokens) / room));
  }
  return notes;
}

/** Tokens that passages may take beside `frame`, which is all else of the prompt, and what a chat template adds. */
async function roomFor(writer: Writer, answerTokens: number, frame: string): Promise<number> {
  return writer.contextTokens - answerTokens - (await writer.countTokens(frame)) - templateTokens;
}

/** Passages in order, packed into groups of at most `tokens`; a passage longer than that is an error. */
async function groupPassages(
  passages: readonly NumberedPassage[],
  tokens: number,
  { countTokens, longerContext, signal }: Writer,
): Promise<NumberedPassage[][]> {
  const groups: NumberedPassage[][] = [];
  const turns = new Turns(signal);
  let used = Number.POSITIVE_INFINITY;
  for (const passage of passages) {
    await turns.next();
    const needed = await countTokens(`${passagesText([passage])}\n\n`);
    if (needed > tokens) {
      throw new TriviumError(
        'context-overflow',
        `A passage of about ${needed} tokens does not fit the model's context.`,
        {
          field: 'contextTokens',
          expected: `room for ${needed} tokens of passages`,
          found: `${Math.max(0, tokens)}`,
          remedy: `${longerContext}, or ask without a model.`,
        },
      );
    }
    if (used + needed > tokens) {
      groups.push([]);
      used = 0;
    }
    groups.at(-1)!.push(passage);
    used += needed;
  }
  return groups;
}

interface Call {
  /** A note is not streamed. */
  what: 'answer' | 'summary' | 'note';
  system: string;
  prompt: string;
  maxOutputTokens: number;
}

interface Written {
  text: string;
  /** That it was cut, or that there is none. */
  warnings: string[];
}

async function write({ what, ...call }: Call, writer: Writer): Promise<Written> {
  writer.signal?.throwIfAborted();
  const { generateText, streamText } = await loadAi();
  const settings = {
    ...call,
    model: writer.model as LanguageModel,
    temperature: 0,
    ...(writer.signal ? { abortSignal: writer.signal } : {}),
  };
  const written = (text: string, finishReason: string): Written => {
    const isCut = finishReason === 'length';
    const name = what === 'note' ? 'note on the source' : what;
    const tokens = `its ${call.maxOutputTokens} output tokens`;
    if (text.trim() === '')
      return { text: '', warnings: [`The model wrote no ${name}${isCut ? ` within ${tokens}` : ''}.`] };
    return { text: text.trim(), warnings: isCut ? [`The model's ${name} was cut at ${tokens}.`] : [] };
  };
  if (what === 'note') {
    const { text, finishReason } = await generateText(settings);
    return written(text, finishReason);
  }
  let failure: unknown;
  const stream = streamText({
    ...settings,
    onError: ({ error }) => {
      failure = error;
    },
  });
  let text = '';
  for await (const delta of stream.textStream) {
    text += delta;
    writer.emit(delta);
  }
  // An aborted or failed stream merely ends in `ai`: here it is an error.
  writer.signal?.throwIfAborted();
  if (failure) throw failure;
  return written(text, await stream.finishReason);
}
