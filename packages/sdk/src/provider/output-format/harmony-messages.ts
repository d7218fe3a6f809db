/**
 * Answers of the Harmony convention (gpt-oss): a row of messages, each with a header that names a channel, and a recipient
 * where it is a call: `<|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>commentary to=functions.NAME
 * <|constrain|>json<|message|>{…}<|call|>`. Analysis is reasoning, final and commentary are text. Whoever leaves out the end
 * of one message or the start of the next is understood; no markup is ever shown.
 */
import { ArgumentsReader } from './arguments-reader.js';
import { findMarker, heldLength, isBlank, leadingBlank, withoutUnfinished } from './markers.js';
import type { OutputEvent, OutputSplitter, SplitOptions } from './output-event.js';

export const harmony = {
  start: '<|start|>',
  channel: '<|channel|>',
  message: '<|message|>',
  constrain: '<|constrain|>',
  end: '<|end|>',
  call: '<|call|>',
  return: '<|return|>',
} as const;

const markers = Object.values(harmony);
const assistant = 'assistant';

type State = 'header' | 'text' | 'reasoning' | 'call' | 'outside';
type Step = { events: OutputEvent[]; more: boolean };

/** Without tools, a message to a recipient is text; the prompt ends in the header that the answer goes on with. */
export function splitHarmonyMessages({ toolNames, promptText }: SplitOptions): OutputSplitter {
  let state: State = 'header';
  let held = '';
  /** What the prompt has written of the header. */
  let begun = headerBegunBy(promptText);
  /** An answer without any header is to be told from one whose header has begun. */
  let mayBePlain = findMarker(begun, markers) === undefined;
  let given = new ArgumentsReader('');
  /** Two messages of text would run into each other. */
  let textBefore = false;
  let messageBegins = false;

  const go = (next: State, rest: string, events: OutputEvent[] = []): Step => {
    state = next;
    held = rest;
    return { events, more: true };
  };

  /** A message begins whose header this is. */
  const open = (header: string, rest: string): Step => {
    mayBePlain = false;
    begun = '';
    messageBegins = true;
    const recipient = /\bto=([^\s<]+)/.exec(header)?.[1];
    if (recipient !== undefined && toolNames.size > 0) {
      textBefore = false;
      given = new ArgumentsReader(recipient.replace(/^functions\./, ''));
      return go('call', rest, given.events());
    }
    return go(/<\|channel\|>\s*analysis\b/.test(header) ? 'reasoning' : 'text', rest);
  };

  const header = (): Step => {
    if (mayBePlain && !mayBeginHeader(held)) return open('', held);
    const end = findMarker(held, [harmony.message, harmony.start, harmony.end, harmony.call, harmony.return]);
    if (!end) return { events: [], more: false };
    const rest = held.slice(end.at + end.marker.length);
    if (end.marker === harmony.message) return open(begun + held.slice(0, end.at), rest);
    mayBePlain = false;
    begun = '';
    return go(end.marker === harmony.start ? 'header' : 'outside', rest);
  };

  const show = (delta: string): OutputEvent[] => {
    if (delta === '') return [];
    const events: OutputEvent[] = [];
    if (state === 'reasoning') {
      textBefore = false;
      events.push({ type: 'reasoning-delta', delta });
    } else {
      const apart = messageBegins && textBefore ? '\n\n' : '';
      textBefore = true;
      events.push({ type: 'text-delta', delta: apart + delta });
    }
    messageBegins = false;
    return events;
  };

  const close = (): OutputEvent[] => (state === 'reasoning' ? [{ type: 'reasoning-end' }] : []);

  /** Where a message goes on behind a marker in it. */
  const behind = (marker: string, rest: string, events: OutputEvent[]): Step => {
    if (marker === harmony.message || marker === harmony.constrain) return go(state, rest, events);
    const closed = [...events, ...(state === 'call' ? given.end() : close())];
    if (marker === harmony.channel) return go('header', marker + rest, closed);
    return go(marker === harmony.start ? 'header' : 'outside', rest, closed);
  };

  const body = (): Step => {
    const found = findMarker(held, markers);
    const end = found ? found.at : held.length - heldLength(held, markers);
    const events = show(held.slice(0, end));
    if (found) return behind(found.marker, held.slice(end + found.marker.length), events);
    held = held.slice(end);
    return { events, more: false };
  };

  const call = (): Step => {
    let at = 0;
    for (; at < held.length; at += 1) {
      if (held[at] === '<' && !given.holdsMarkers) {
        const rest = held.slice(at);
        const marker = markers.find((one) => rest.startsWith(one));
        if (marker) return behind(marker, rest.slice(marker.length), given.events());
        if (markers.some((one) => one.startsWith(rest))) break;
      }
      given.read(held[at]!);
    }
    held = held.slice(at);
    return { events: given.events(), more: false };
  };

  /** Between messages; text that stands here is not lost. */
  const outside = (): Step => {
    const rest = held.slice(leadingBlank(held));
    if (rest === '' || heldLength(rest, markers) === rest.length) return { events: [], more: false };
    const marker = markers.find((one) => rest.startsWith(one));
    messageBegins = true;
    if (!marker) return go('text', rest);
    return behind(marker, rest.slice(marker.length), []);
  };

  const opened = begun.indexOf(harmony.message);
  if (opened >= 0) open(begun.slice(0, opened), '');

  const steps: Record<State, () => Step> = { header, text: body, reasoning: body, call, outside };

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
      const rest = withoutUnfinished(held, markers);
      const plain = mayBePlain && !findMarker(held, markers);
      held = '';
      if (state === 'call') {
        for (const character of rest) given.read(character);
        return given.end();
      }
      if (state === 'outside') return [];
      if (state !== 'header') return [...show(rest), ...close()];
      return plain && ![...rest].every(isBlank) ? show(rest) : [];
    },
    get inReasoning() {
      return state === 'reasoning';
    },
  };
}

/** The header that the prompt ends in, without its start marker. */
function headerBegunBy(promptText: string): string {
  const at = promptText.lastIndexOf(harmony.start);
  return at < 0 ? '' : promptText.slice(at + harmony.start.length).trimEnd();
}

/** Whether an answer that begins so may begin in a header: a role and a recipient at most stand before its first marker. */
function mayBeginHeader(text: string): boolean {
  const found = findMarker(text, markers);
  const before = text.slice(0, found ? found.at : text.length - heldLength(text, markers));
  const start = before.trimStart();
  const behindRole = start.startsWith(assistant) ? start.slice(assistant.length).trimStart() : start;
  if (/^(to=[^\s<]+\s*)?$/.test(behindRole)) return true;
  const mayGoOn = before.length === text.length;
  return mayGoOn && (assistant.startsWith(start) || 'to='.startsWith(behindRole));
}
