/**
 * Makes the source small enough for the summary: passages as they are where the model can hold them, else notes on
 * chunks of passages, notes on those notes, and so on. Nothing is left out of the reading: where a model goes round in
 * circles over a chunk, sentences of the chunk stand for the rest of its note.
 * Refuses to know: points, sections.
 */
import { TriviumError } from '@trivium/protocol';
import { noteTokensPerWord, warningOfManyCalls } from '../many-calls.js';
import { countWords } from '../words.js';
import { callModel, promptRoom } from './model-call.js';
import { type Material, materialText, packMaterial } from './pack.js';
import { wordsPerCall } from './plan.js';
import { promptsOf } from './prompts.js';
import { quoteSource } from './quote-source.js';
import { doUnit, isOver, type WriteRun } from './run.js';
import type { StageMeter } from './stage-meter.js';
import { wholeText } from './write-to-length.js';

const leastNoteWords = 30;
const mostNoteWords = 400;
/** A note has this share of its chunk's words at most: else notes of a small context would not get shorter. */
const mostNoteShare = 1 / 3;
/** Notes are to fill this share of the room that is there for them. */
const filledShare = 0.6;

export interface Condensed {
  groups: Material[][];
  isNotes: boolean;
}

/**
 * Material in at most `mostGroups` groups of at most `room` tokens each; nothing where the stage ended before that.
 * @throws TriviumError `context-overflow` where notes do not get shorter than their chunks.
 */
export async function condense(
  run: WriteRun,
  meter: StageMeter,
  room: number,
  mostGroups: number,
): Promise<Condensed | undefined> {
  const { contextTokens, longerContext } = meter.settings;
  let groups: Material[][] = await packMaterial<Material>(run.passages, room, meter.settings);
  const wordsOfNote = (chunks: number) => {
    const filled = (mostGroups * room * filledShare) / chunks / noteTokensPerWord;
    return Math.min(wordsPerCall(meter.settings), mostNoteWords, Math.max(leastNoteWords, filled));
  };
  const levels: number[] = [];
  for (let chunks = groups.length; chunks > mostGroups; ) {
    levels.push(chunks);
    const tokens = chunks * wordsOfNote(chunks) * noteTokensPerWord;
    chunks = Math.min(chunks - 1, Math.ceil(tokens / room));
  }
  warnOfManyCalls(run, meter, levels);
  for (let level = 1; groups.length > mostGroups; level++) {
    const words = wordsOfNote(groups.length);
    const notes = await takeNotes(run, meter, groups, level, words);
    if (!notes || notes.length === 0) return undefined;
    const next = await packMaterial<Material>(notes, room, meter.settings);
    if (next.length >= groups.length) {
      throw new TriviumError('context-overflow', "The model's context is too small to read this source.", {
        field: 'contextTokens',
        found: String(contextTokens),
        expected: `more room than ${Math.floor(room)} tokens for passages`,
        remedy: `${longerContext}, or fewer documents.`,
      });
    }
    groups = next;
  }
  return { groups, isNotes: !groups.some((group) => group.some((item) => 'number' in item)) };
}

/**
 * Says before the first note how many there will be about, where that is long to wait for. It is of the running, not of the
 * text: the result does not hold it, and a run that has most of them from a checkpoint does not say it.
 * @param levels chunks that notes are taken on, level by level
 */
function warnOfManyCalls(run: WriteRun, meter: StageMeter, levels: readonly number[]): void {
  const [chunks = 0] = levels;
  if (isOver(run, meter, noteName(1, chunks))) return;
  const names = levels.flatMap((count, i) => Array.from({ length: count }, (_, j) => noteName(i + 1, j + 1)));
  const calls = names.filter((name) => !run.journal.has(name)).length;
  const message = warningOfManyCalls(chunks, calls);
  if (message !== undefined) run.emit({ type: 'warning', stage: 'summary', message });
}

const noteName = (level: number, chunk: number) => `summary/note/${level}/${chunk}`;

async function takeNotes(
  run: WriteRun,
  meter: StageMeter,
  groups: readonly Material[][],
  level: number,
  words: number,
): Promise<Material[] | undefined> {
  const notes: Material[] = [];
  for (const [i, group] of groups.entries()) {
    const name = noteName(level, i + 1);
    if (isOver(run, meter, name)) return undefined;
    const place = { stage: 'summary' } as const;
    const { text, isResumed } = await doUnit(run, meter, name, place, () =>
      takeNote(run, meter, group, level > 1, Math.min(words, mostNoteShare * groupWords(group))),
    );
    run.emit({
      type: 'chunk-end',
      ...place,
      level,
      chunk: i + 1,
      chunks: groups.length,
      ...(isResumed && { resumed: true }),
    });
    if (text) notes.push({ text });
  }
  return notes;
}

const groupWords = (group: readonly Material[]) => group.reduce((sum, { text }) => sum + countWords(text), 0);

async function takeNote(
  run: WriteRun,
  meter: StageMeter,
  group: readonly Material[],
  isNotes: boolean,
  words: number,
): Promise<{ text: string; warnings: string[] }> {
  const { settings, signal } = run;
  const { system, note } = promptsOf(settings.language);
  const { instruction } = settings;
  const most = words * 1.3;
  const prompt = note({ instruction, material: materialText(group), isNotes, words });
  const isEnough = (text: string) => countWords(text) > most;
  const result = await callModel({ system, prompt, words, isEnough }, meter, signal);
  const { text } = wholeText(result, words, most);
  if (result.end === 'looped') {
    const quotes = await quoteSource(run, { material: group, words: words - countWords(text), beside: text });
    return {
      text: [text, ...quotes].filter(Boolean).join(' '),
      warnings: [
        'The model went round in circles over chunks of the source: their sentences stand in its notes.',
      ],
    };
  }
  const warnings = text || meter.ended ? [] : ['The model noted nothing on a chunk of the source.'];
  return { text, warnings };
}

/** Tokens that the material of a summary may take beside everything else of its prompts. */
export async function materialRoom(
  { settings }: WriteRun,
  meter: StageMeter,
  words: number,
): Promise<{ material: number; before: number }> {
  const { system, note, points } = promptsOf(settings.language);
  const { instruction } = settings;
  const count = meter.settings.countTokens;
  const empty = { instruction, material: ' ', words: 1000 };
  const bare = Math.max(
    await count(`${system}\n\n${note({ ...empty, isNotes: true })}`),
    await count(`${system}\n\n${points({ ...empty, isNotes: true, points: 100, from: 100, before: ' ' })}`),
  );
  const reserved = Math.min(wordsPerCall(meter.settings), Math.max(1.5 * words, mostNoteWords));
  const room = promptRoom(meter.settings, reserved) - bare - joinSlack;
  const before = Math.max(0, Math.floor(room / 6));
  return { material: room - before, before };
}

/** Tokens by which a text may count more than its parts. */
const joinSlack = 16;
