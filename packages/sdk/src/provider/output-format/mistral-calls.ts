/**
 * Tool calls of the Mistral conventions, behind text or alone: `[TOOL_CALLS][{"name": …, "arguments": {…}}, …]` of the
 * older templates, and `[TOOL_CALLS]name[ARGS]{…}` of the newer ones, once for each call, some with `[CALL_ID]…` between.
 * Ids that a model writes are dropped: they come too late to name a call that streams, and nothing makes them unique.
 */
import { ArgumentsReader, brokenCall } from './arguments-reader.js';
import { CallReader } from './call-reader.js';
import { findMarker, heldLength, isBlank, leadingBlank, withoutUnfinished } from './markers.js';
import type { OutputEvent, OutputSplitter } from './output-event.js';
import { createTextFlow } from './text-flow.js';

const open = '[TOOL_CALLS]';
const callId = '[CALL_ID]';
const args = '[ARGS]';

type State = 'text' | 'begin' | 'name' | 'call-id' | 'arguments' | 'list' | 'object';
type Step = { events: OutputEvent[]; more: boolean };

const wait: Step = { events: [], more: false };

export function splitMistralCalls(): OutputSplitter {
  const flow = createTextFlow();
  let state: State = 'text';
  let held = '';
  let toolName = '';
  let given = new ArgumentsReader('');
  let call = new CallReader();

  const go = (next: State, rest: string, events: OutputEvent[] = []): Step => {
    state = next;
    held = rest;
    return { events, more: true };
  };

  const text = (): Step => {
    const found = findMarker(held, [open]);
    const end = found ? found.at : held.length - heldLength(held, [open]);
    const events = flow.push(held.slice(0, end));
    if (found) flow.block();
    if (found) return go('begin', held.slice(end + open.length), events);
    held = held.slice(end);
    return { events, more: false };
  };

  /** Behind the marker: a list of objects, one object, or a name. */
  const begin = (): Step => {
    const rest = held.slice(leadingBlank(held));
    if (rest === '' || heldLength(rest, [open, args, callId]) === rest.length) return wait;
    if (rest.startsWith(open)) return go('begin', rest.slice(open.length));
    if (rest.startsWith('{')) return go('list', rest);
    if (!rest.startsWith('[') || rest.startsWith(args) || rest.startsWith(callId)) return go('name', rest);
    return go('list', rest.slice(1));
  };

  /** A name, up to whatever ends it: the id, the arguments, or another call. */
  const name = (): Step => {
    const found = findMarker(held, [callId, args, '{', open]);
    if (!found) return wait;
    toolName = held.slice(0, found.at).trim();
    const behind = held.slice(found.at + found.marker.length);
    if (found.marker === open) return go('begin', behind, brokenCall(toolName));
    if (found.marker === callId) return go('call-id', behind);
    given = new ArgumentsReader(toolName);
    return go('arguments', found.marker === args ? behind : held.slice(found.at), given.events());
  };

  const id = (): Step => {
    const found = findMarker(held, [args, '{', open]);
    if (!found) return wait;
    const behind = held.slice(found.at + found.marker.length);
    if (found.marker === open) return go('begin', behind, brokenCall(toolName));
    given = new ArgumentsReader(toolName);
    return go('arguments', found.marker === args ? behind : held.slice(found.at), given.events());
  };

  /** Whether the text at `at` is the marker that ends a call, or may become it. */
  const endsAt = (at: number, insideString: boolean): 'marker' | 'open' | undefined => {
    if (held[at] !== '[' || insideString) return undefined;
    if (held.startsWith(open, at)) return 'marker';
    return open.startsWith(held.slice(at)) ? 'open' : undefined;
  };

  const bareArguments = (): Step => {
    let at = 0;
    for (; at < held.length; at += 1) {
      const ends = endsAt(at, given.holdsMarkers);
      if (ends === 'marker') return go('begin', held.slice(at + open.length), given.end());
      if (ends === 'open') break;
      given.read(held[at]!);
      if (given.done) return go('text', held.slice(at + 1), given.end());
    }
    held = held.slice(at);
    return { events: given.events(), more: false };
  };

  const list = (): Step => {
    let at = 0;
    while (isBlank(held[at]) || held[at] === ',') at += 1;
    if (at === held.length) {
      held = '';
      return wait;
    }
    if (held[at] !== '{') return go('text', held.slice(held[at] === ']' ? at + 1 : at));
    call = new CallReader();
    return go('object', held.slice(at));
  };

  /** The bracket may end a list whose object is no JSON, as far as has come. */
  const mayEndList = (at: number) => call.object.state === 'broken' && /^\][ \t\r\n]*$/.test(held.slice(at));

  const object = (): Step => {
    let at = 0;
    for (; at < held.length; at += 1) {
      const ends = endsAt(at, call.object.holdsMarkers);
      if (ends === 'marker') return go('begin', held.slice(at + open.length), call.end(true));
      if (ends === 'open' || mayEndList(at)) break;
      call.object.read(held[at]!);
      if (call.object.state === 'done') return go('list', held.slice(at + 1), call.end(true));
    }
    held = held.slice(at);
    return { events: call.events(), more: false };
  };

  const steps: Record<State, () => Step> = {
    text,
    begin,
    name,
    'call-id': id,
    arguments: bareArguments,
    list,
    object,
  };

  /** What was begun and is not over when the answer is; `rest` was held back. */
  const cut = (rest: string): OutputEvent[] => {
    const certain = withoutUnfinished(rest, [open, args, callId]);
    if (state === 'text') return flow.push(certain);
    if (state === 'begin' || state === 'name') return brokenCall(certain);
    if (state === 'call-id') return brokenCall(toolName);
    if (state === 'list') return [];
    if (state === 'arguments') {
      for (const character of certain) given.read(character);
      return given.end();
    }
    const closed = rest.startsWith(']');
    if (!closed) for (const character of certain) call.object.read(character);
    return call.end(closed);
  };

  return {
    push(textDelta) {
      held += textDelta;
      const events: OutputEvent[] = [];
      for (;;) {
        const step = steps[state]();
        events.push(...step.events);
        if (!step.more) return events;
      }
    },
    finish() {
      const rest = held;
      held = '';
      return [...cut(rest), ...flow.finish()];
    },
    inReasoning: false,
  };
}
