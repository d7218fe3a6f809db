/**
 * One tool call as events: its name as soon as it is known, its arguments as they come. What is no call, because its JSON
 * breaks off or has no name, still becomes one, with the text as it was written, so that the caller can repair it.
 */
import { CallObject } from './call-object.js';
import { isBlank, leadingBlank, trailingBlank } from './markers.js';
import type { OutputEvent } from './output-event.js';

export class CallReader {
  readonly object = new CallObject();
  #started = false;
  #shown = 0;

  /** What has become certain since the last time. */
  events(): OutputEvent[] {
    const { toolName, input, brokenAt } = this.object;
    if (toolName === undefined) return [];
    const events: OutputEvent[] = [];
    if (!this.#started) events.push({ type: 'call-start', toolName });
    this.#started = true;
    if (input === undefined) return events;
    const certain = brokenAt === undefined ? trailingBlank(input) : beforeBraces(input, brokenAt);
    return [...events, ...this.#delta(input.slice(0, certain))];
  }

  /** @param closed whether the format's own marker closes the call, so that the object's brace is no part of the arguments */
  end(closed: boolean): OutputEvent[] {
    const events = this.events();
    const { toolName, state, raw, brokenAt } = this.object;
    let input = toolName === undefined ? undefined : this.object.input;
    if (input !== undefined) {
      input = input.slice(0, trailingBlank(input));
      const surplus = closed && brokenAt !== undefined && input.length > brokenAt && input.endsWith('}');
      if (surplus) input = input.slice(0, trailingBlank(input.slice(0, -1)));
    } else if (state === 'done' && toolName !== undefined) input = '{}';
    else input = raw.slice(leadingBlank(raw), trailingBlank(raw));
    const named = toolName ?? '';
    if (!this.#started) events.push({ type: 'call-start', toolName: named });
    return [...events, ...this.#delta(input), { type: 'call-end', toolName: named, input }];
  }

  #delta(input: string): OutputEvent[] {
    const delta = input.slice(this.#shown);
    this.#shown = Math.max(this.#shown, input.length);
    return delta === '' ? [] : [{ type: 'call-delta', delta }];
  }
}

/** The text without the braces and white space that end its broken part: one of the braces may be the object's own. */
function beforeBraces(input: string, brokenAt: number): number {
  let at = input.length;
  while (at > brokenAt && (input[at - 1] === '}' || isBlank(input[at - 1]))) at -= 1;
  return at > brokenAt ? at : trailingBlank(input.slice(0, brokenAt));
}
