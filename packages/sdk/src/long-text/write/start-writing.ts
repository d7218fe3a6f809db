/**
 * Starts a writing and hands out its events, its text and its result. Refuses to know: how a text is written.
 */
import { TriviumError, type WriteEvent } from '@trivium/protocol';
import { PieceQueue } from '../piece-queue.js';
import type { Writing, WrittenText } from './types.js';
import { type WriteTask, writeText } from './write-text.js';

type Start = Omit<WriteTask, 'emitEvent' | 'emitText' | 'signal'>;

/** `prepare` settles options and loads sources; what it throws, the result rejects with. */
export function startWriting(prepare: () => Promise<Start>, signal?: AbortSignal): Writing {
  const events = new PieceQueue<WriteEvent>();
  const texts = new PieceQueue<string>();
  const left = new AbortController();
  const either = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  const run = async (): Promise<WrittenText> => {
    either.throwIfAborted();
    return writeText({
      ...(await prepare()),
      signal: either,
      emitEvent: (event) => events.push(event),
      emitText: (piece) => texts.push(piece),
    });
  };
  const result = run();
  events.endWith(result);
  texts.endWith(result);
  const leave = () =>
    left.abort(new TriviumError('cancelled', 'The reader of the events left before the end.'));
  return {
    // biome-ignore lint/suspicious/noThenProperty: a running call is awaited like a promise.
    then: (fulfilled, rejected) => result.then(fulfilled, rejected),
    result,
    events: { [Symbol.asyncIterator]: () => events.read(result, leave) },
    textStream: { [Symbol.asyncIterator]: () => texts.read(result) },
  };
}
