/**
 * Tool calls of the Llama 3 convention: the whole answer is `{"name": …, "parameters": {…}}`, or several of them with `;`
 * between, with or without `<|python_tag|>` before. Behind the tag everything is a call; without it an object is one only
 * when its keys say so, and any other JSON is text.
 */
import { CallReader } from './call-reader.js';
import { findMarker, heldLength, isBlank, unfinishedMarker } from './markers.js';
import type { OutputEvent, OutputSplitter, SplitOptions } from './output-event.js';
import { createTextFlow } from './text-flow.js';

const tag = '<|python_tag|>';

type State = 'start' | 'text' | 'object' | 'between';
type Step = { events: OutputEvent[]; more: boolean };

/** @param toolNames the tools of the call: an object with a name alone is a call only of one of them */
export function splitLlamaCalls({ toolNames }: Pick<SplitOptions, 'toolNames'>): OutputSplitter {
  const flow = createTextFlow();
  let state: State = 'start';
  let call = new CallReader();
  let behindTag = false;
  /** The object being read is a call for certain. */
  let certain = false;
  /** What to give back as text where the object turns out to be none. */
  let before = '';
  let held = '';

  const begin = (textBefore: string) => {
    state = 'object';
    call = new CallReader();
    certain = behindTag;
    before = textBefore;
  };

  const tagged = (rest: string): Step => {
    held = rest;
    flow.block();
    behindTag = true;
    begin('');
    return { events: [], more: true };
  };

  /** Where an answer or another call may begin. */
  const start = (): Step => {
    let at = 0;
    while (isBlank(held[at]) || (state === 'between' && held[at] === ';')) at += 1;
    const rest = held.slice(at);
    if (tag.startsWith(rest) && rest !== tag) return { events: [], more: false };
    if (rest.startsWith(tag)) return tagged(rest.slice(tag.length));
    if (!rest.startsWith('{')) {
      state = 'text';
      return { events: [], more: true };
    }
    begin(held.slice(0, at));
    held = rest;
    return { events: [], more: true };
  };

  const text = (): Step => {
    const found = findMarker(held, [tag]);
    const end = found ? found.at : held.length - heldLength(held, [tag]);
    const events = flow.push(held.slice(0, end));
    const rest = held.slice(found ? end + tag.length : end);
    if (!found) {
      held = rest;
      return { events, more: false };
    }
    return { events, more: tagged(rest).more };
  };

  /** Whether the object read so far is a call: `undefined` while that is open. */
  const isCall = (): boolean | undefined => {
    const { state: reading, toolName, strangeKey, inArguments } = call.object;
    if (strangeKey) return false;
    if (toolName !== undefined && inArguments) return true;
    if (reading === 'done') return toolName !== undefined && toolNames.has(toolName);
    return reading === 'broken' ? false : undefined;
  };

  const backToText = (): Step => {
    held = before + call.object.raw + held;
    before = '';
    state = 'text';
    return { events: [], more: true };
  };

  const object = (): Step => {
    for (let at = 0; at < held.length; at += 1) {
      call.object.read(held[at]!);
      if (!certain) {
        const decided = isCall();
        if (decided === undefined) continue;
        if (!decided) {
          held = held.slice(at + 1);
          return backToText();
        }
        flow.block();
        certain = true;
      }
      if (call.object.state !== 'done') continue;
      held = held.slice(at + 1);
      state = 'between';
      return { events: call.end(false), more: true };
    }
    held = '';
    return { events: certain ? call.events() : [], more: false };
  };

  const run = (): OutputEvent[] => {
    const events: OutputEvent[] = [];
    for (;;) {
      const step = state === 'text' ? text() : state === 'object' ? object() : start();
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
      if (state === 'object' && certain) return [...call.end(false), ...flow.finish()];
      if (state === 'object') backToText();
      const partial = heldLength(held, [tag]);
      const end = held.length - partial;
      const blank = [...held.slice(0, end)].every((character) => isBlank(character) || character === ';');
      const rest = state === 'between' && blank ? '' : held.slice(0, end) + unfinishedMarker(held.slice(end));
      held = '';
      return [...flow.push(rest), ...flow.finish()];
    },
    inReasoning: false,
  };
}
