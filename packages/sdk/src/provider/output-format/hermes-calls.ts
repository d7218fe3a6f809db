/**
 * Tool calls of the Hermes and Qwen convention: any number of `<tool_call>{"name": …, "arguments": {…}}</tool_call>` in
 * and around text. A marker inside a JSON string is content; only behind a raw line break, which JSON strings cannot have,
 * it closes a call whose string was never closed.
 */
import { CallReader } from './call-reader.js';
import { findMarker, heldLength, isBlank, unfinishedMarker } from './markers.js';
import type { OutputEvent, OutputSplitter } from './output-event.js';
import { createTextFlow } from './text-flow.js';

const open = '<tool_call>';
const close = '</tool_call>';

type Step = { events: OutputEvent[]; more: boolean };

export function splitHermesCalls(): OutputSplitter {
  const flow = createTextFlow();
  let state: 'text' | 'call' | 'called' | 'surplus' = 'text';
  let call = new CallReader();
  let held = '';

  const begin = () => {
    flow.block();
    state = 'call';
    call = new CallReader();
  };

  const text = (): Step => {
    const found = findMarker(held, [open]);
    const end = found ? found.at : held.length - heldLength(held, [open]);
    const events = flow.push(held.slice(0, end));
    held = held.slice(found ? end + open.length : end);
    if (found) begin();
    return { events, more: found !== undefined };
  };

  const object = (): Step => {
    let at = 0;
    for (; at < held.length; at += 1) {
      if (held[at] === '<' && !call.object.holdsMarkers) {
        if (held.startsWith(close, at)) {
          held = held.slice(at + close.length);
          state = 'text';
          return { events: call.end(true), more: true };
        }
        if (close.startsWith(held.slice(at))) break;
      }
      call.object.read(held[at]!);
      if (call.object.state !== 'done') continue;
      held = held.slice(at + 1);
      state = 'called';
      return { events: call.end(true), more: true };
    }
    held = held.slice(at);
    return { events: call.events(), more: false };
  };

  /** Between the end of an object and the marker: another object, or text that does not belong here but is not lost. */
  const called = (): Step => {
    if (state === 'called') {
      let at = 0;
      while (isBlank(held[at]) || held[at] === ',' || held[at] === '}') at += 1;
      held = held.slice(at);
      if (held.startsWith('{')) {
        begin();
        return { events: [], more: true };
      }
    }
    const found = findMarker(held, [open, close]);
    const end = found ? found.at : held.length - heldLength(held, [open, close]);
    const events = flow.push(held.slice(0, end));
    held = held.slice(end + (found?.marker.length ?? 0));
    if (end > 0) state = 'surplus';
    if (found?.marker === open) begin();
    else if (found) {
      flow.block();
      state = 'text';
    }
    return { events, more: found !== undefined };
  };

  const run = (): OutputEvent[] => {
    const events: OutputEvent[] = [];
    for (;;) {
      const step = state === 'text' ? text() : state === 'call' ? object() : called();
      events.push(...step.events);
      if (!step.more) return events;
    }
  };

  return {
    push(textDelta) {
      held += textDelta;
      return run();
    },
    finish() {
      const rest = unfinishedMarker(held);
      held = '';
      if (state !== 'call') return [...flow.push(rest), ...flow.finish()];
      for (const character of rest) call.object.read(character);
      return [...call.end(false), ...flow.finish()];
    },
    inReasoning: false,
  };
}
