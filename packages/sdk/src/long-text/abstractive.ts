/**
 * `ask` and `summarize` written by a language model through the AI SDK: numbered passages in, text with markers out,
 * every marker checked. A source longer than the model's context is summarized group by group, then the summaries.
 * Refuses to know: how passages were found.
 */
import { TriviumError } from '@trivium/protocol';
import type { LanguageModel } from 'ai';
import { type CheckedText, checkCitations } from './check-citations.js';
import { noteTokensPerWord, warningOfManyCalls } from './many-calls.js';
import { askPrompt, askSystem, passagesText, summarizePrompt, summarizeSystem } from './prompts.js';
import type { EmbedTexts, SummarizeProgress } from './types.js';

export interface Writer {
  model: LanguageModel;
  contextTokens: number;
  embed?: EmbedTexts;
  signal?: AbortSignal;
  emit: (delta: string) => void;
}

interface NumberedPassage {
  text: string;
  path?: string;
  number: number;
}

/** Characters of alphabetic text per token are about 4, of Chinese about 1.5; the estimate errs high. */
export const estimateTokens = (text: string) => {
  const characters = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return Math.ceil((text.length - characters) / 3.5 + characters / 1.4);
};

/** @param atMost passages that it may cite; it is shown as many of them as fit */
export async function writeAnswer(
  question: string,
  passages: readonly { text: string; path: string }[],
  atMost: number,
  writer: Writer,
): Promise<CheckedText> {
  const answerTokens = Math.min(1024, Math.floor(writer.contextTokens / 4));
  const numbered = passages.map(({ text, path }, i) => ({ text, path, number: i + 1 }));
  const fitting = groupPassages(numbered, roomFor(writer, answerTokens, question))[0] ?? [];
  const text = await write(askSystem, askPrompt(question, passagesText(fitting)), answerTokens, writer, true);
  return checkCitations(text, passages, writer.embed, writer.signal, atMost);
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
  const room = roomFor(writer, answerTokens, query ?? '');
  let groups = groupPassages(
    passages.map(({ text, path }, i): NumberedPassage => ({ text, path, number: i + 1 })),
    room,
  );
  const shareOf = (chunks: number) => Math.max(40, Math.floor((room * 0.5) / chunks));
  const message = warningOfManyCalls(groups.length, countNotes(groups.length, room, words, shareOf));
  if (message !== undefined) onProgress({ type: 'warning', message });
  for (let level = 1; groups.length > 1; level++) {
    const share = shareOf(groups.length);
    const notes: NumberedPassage[] = [];
    for (const [i, group] of groups.entries()) {
      const prompt = summarizePrompt(passagesText(group), Math.min(words, share), query);
      // Notes keep the markers of their passages and stand under the number of their first one.
      notes.push({
        number: group[0]!.number,
        text: await write(summarizeSystem, prompt, Math.min(answerTokens, share * 2), writer, false),
      });
      onProgress({ type: 'chunk-end', level, chunk: i + 1, chunks: groups.length });
    }
    const next = groupPassages(notes, room);
    if (next.length >= groups.length) {
      throw new TriviumError(
        'context-overflow',
        "The model's context is too small to summarize this source.",
        {
          field: 'contextTokens',
          found: String(writer.contextTokens),
          remedy: 'Use a model with a longer context, or summarize without a model.',
        },
      );
    }
    groups = next;
  }
  const text = await write(
    summarizeSystem,
    summarizePrompt(passagesText(groups[0] ?? []), words, query),
    answerTokens,
    writer,
    true,
  );
  return checkCitations(text, passages, writer.embed, writer.signal);
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
    const noteTokens = Math.min(words, shareOf(left)) * noteTokensPerWord + passageOverhead;
    left = Math.min(left - 1, Math.ceil((left * noteTokens) / room));
  }
  return notes;
}

function roomFor(writer: Writer, answerTokens: number, request: string): number {
  return writer.contextTokens - answerTokens - estimateTokens(askSystem + request) - 100;
}

/** Tokens of a passage's number and path. */
const passageOverhead = 24;

/** Passages in order, packed into groups of at most `tokens`; a passage longer than that is an error. */
function groupPassages(passages: readonly NumberedPassage[], tokens: number): NumberedPassage[][] {
  const groups: NumberedPassage[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const passage of passages) {
    const needed = estimateTokens(passage.text) + passageOverhead;
    if (needed > tokens) {
      throw new TriviumError(
        'context-overflow',
        `A passage of about ${needed} tokens does not fit the model's context.`,
        {
          field: 'contextTokens',
          expected: `room for ${needed} tokens of passages`,
          found: `${Math.max(0, tokens)}`,
          remedy: 'Use a model with a longer context, or ask without a model.',
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

async function write(
  system: string,
  prompt: string,
  maxOutputTokens: number,
  writer: Writer,
  visible: boolean,
): Promise<string> {
  writer.signal?.throwIfAborted();
  const { generateText, streamText } = await import('ai');
  const call = {
    model: writer.model,
    system,
    prompt,
    maxOutputTokens,
    temperature: 0,
    ...(writer.signal ? { abortSignal: writer.signal } : {}),
  };
  if (!visible) return (await generateText(call)).text.trim();
  let failure: unknown;
  const stream = streamText({
    ...call,
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
  return text.trim();
}
