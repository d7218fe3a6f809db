/**
 * Stop sequences in the text of an answer and in nothing else: reasoning and calls may spell them. Where the text ends does not
 * depend on how the answer was cut: the sequence that is whole first ends it, and of those that end together the longest.
 */
import { TriviumError } from '@trivium/protocol';
import { heldLength } from './markers.js';
import type { OutputEvent, OutputSplitter, ShownEvent } from './output-event.js';

export interface StoppingSplitter extends OutputSplitter {
  push(textDelta: string): ShownEvent[];
  finish(): ShownEvent[];
  /** The sequence that has ended the answer: there are no more events. */
  readonly stopMatch: string | undefined;
}

/** As many as the engine takes, which looks for them where an answer has no markup. */
const mostBytes = 4096;

/**
 * @param stops none of them empty
 * @throws TriviumError `invalid-argument` for sequences of more than 4 KiB together
 */
export function stopInText(answer: OutputSplitter, stops: readonly string[]): StoppingSplitter {
  const bytes = Buffer.byteLength(stops.join(''));
  if (bytes > mostBytes)
    throw new TriviumError('invalid-argument', 'The stop sequences are too long.', {
      field: 'stopSequences',
      expected: `at most ${mostBytes} bytes of UTF-8 together`,
      found: String(bytes),
      remedy: 'Give the beginnings of the sequences.',
    });
  const longest = Math.max(0, ...stops.map(({ length }) => length));
  let stopMatch: string | undefined;
  /** Text that may begin a sequence. */
  let held = '';
  /** White space behind it that a block may take. */
  let blank = '';

  const release = (length: number): ShownEvent[] => {
    const delta = held.slice(0, length);
    held = held.slice(length);
    return delta === '' ? [] : [{ type: 'text-delta', delta }];
  };

  /** Ends the answer where a sequence is whole; there is none that ends before `from`. */
  const end = (text: string, from = 0): ShownEvent[] => {
    const begin = Math.max(0, from - longest);
    const found = firstWhole(text.slice(begin), stops);
    if (!found) return [];
    stopMatch = found.sequence;
    held = text;
    return release(begin + found.at);
  };

  const read = (event: OutputEvent): ShownEvent[] => {
    if (stopMatch !== undefined) return [];
    if (event.type === 'held-blank') {
      const from = held.length + blank.length;
      blank += event.delta;
      return end(held + blank, from);
    }
    blank = '';
    if (event.type !== 'text-delta') return [...release(held.length), event];
    held += event.delta;
    const ended = end(held);
    return stopMatch === undefined ? release(held.length - heldLength(held, stops)) : ended;
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
