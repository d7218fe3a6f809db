/** What a splitter makes of an answer, with deltas joined, and what must hold of its events whatever the answer is. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { OutputEvent, OutputSplitter } from '../../src/provider/output-format/output-event.js';

export const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.jinja`, import.meta.url), 'utf8');

export type Segment =
  | { kind: 'text' | 'reasoning'; text: string }
  | { kind: 'call'; toolName: string; input: string };

/** Pushes the pieces, finishes, and checks the order of the events. */
export function split(splitter: OutputSplitter, pieces: readonly string[]): Segment[] {
  const events: OutputEvent[] = [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.finish()];
  const segments: Segment[] = [];
  let call: { toolName: string; input: string } | undefined;
  let closed = false;
  for (const event of events) {
    if (event.type === 'held-blank') continue;
    if (event.type === 'text-delta' || event.type === 'reasoning-delta') {
      expect(call, 'text inside a call').toBeUndefined();
      expect(event.delta).not.toBe('');
      const kind = event.type === 'text-delta' ? 'text' : 'reasoning';
      const last = segments.at(-1);
      if (last?.kind === kind && !closed) last.text += event.delta;
      else segments.push({ kind, text: event.delta });
      closed = false;
    } else if (event.type === 'reasoning-end') closed = true;
    else if (event.type === 'call-start') {
      expect(call, 'a call inside a call').toBeUndefined();
      call = { toolName: event.toolName, input: '' };
    } else if (event.type === 'call-delta') {
      expect(event.delta).not.toBe('');
      call!.input += event.delta;
    } else {
      expect(event).toEqual({ type: 'call-end', ...call });
      segments.push({ kind: 'call', ...call! });
      call = undefined;
    }
  }
  expect(call, 'a call that does not end').toBeUndefined();
  return segments;
}
