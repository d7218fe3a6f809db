/**
 * Stop sequences in the text of an answer and in nothing else: reasoning and calls may spell them. Where the text ends does not
 * depend on how the answer was cut: the sequence that is whole first ends it, and of those that end together the longest.
 */
import { TriviumError } from '@trivium/protocol';
import { heldLength } from './markers.js';
import type { OutputEvent, OutputSplitter } from './output-event.js';

export interface StoppingSplitter extends OutputSplitter {
  /** The sequence that has ended the answer: there are no more events. */
  readonly stopMatch: string | undefined;
}

/** As many as the engine takes, which looks for them where an answer has no markup. */
const mostBytes = 4096;

/** @throws TriviumError `invalid-argument` for sequences of more than 4 KiB together */
export function stopInText(answer: OutputSplitter, sequences: readonly string[]): StoppingSplitter {
  const stops = sequences.filter((sequence) => sequence !== '');
  const bytes = Buffer.byteLength(stops.join(''));
  if (bytes > mostBytes)
    throw new TriviumError('invalid-argument', 'The stop sequences are too long.', {
      field: 'stopSequences',
      expected: `at most ${mostBytes} bytes of UTF-8 together`,
      found: String(bytes),
      remedy: 'Give the beginnings of the sequences.',
    });
  let stopMatch: string | undefined;
  /** Text that may begin a sequence. */
  let held = '';

  const release = (length: number): OutputEvent[] => {
    const delta = held.slice(0, length);
    held = held.slice(length);
    return delta === '' ? [] : [{ type: 'text-delta', delta }];
  };

  const read = (event: OutputEvent): OutputEvent[] => {
    if (stopMatch !== undefined) return [];
    if (event.type !== 'text-delta') return [...release(held.length), event];
    held += event.delta;
    const found = firstWhole(held, stops);
    stopMatch = found?.sequence;
    return release(found?.at ?? held.length - heldLength(held, stops));
  };

  return {
    push: (textDelta) => answer.push(textDelta).flatMap(read),
    finish() {
      const events = answer.finish().flatMap(read);
      return stopMatch === undefined ? [...events, ...release(held.length)] : events;
    },
    get inReasoning() {
      return answer.inReasoning;
    },
    get stopMatch() {
      return stopMatch;
    },
  };
}

function firstWhole(text: string, stops: readonly string[]): { at: number; sequence: string } | undefined {
  let first: { at: number; sequence: string } | undefined;
  let firstEnd = Number.POSITIVE_INFINITY;
  for (const sequence of stops) {
    const at = text.indexOf(sequence);
    const end = at + sequence.length;
    if (at < 0 || end > firstEnd || (end === firstEnd && at > first!.at)) continue;
    first = { at, sequence };
    firstEnd = end;
  }
  return first;
}
