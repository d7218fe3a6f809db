/**
 * One tool call as events: its name as soon as it is known, its arguments as they come. What is no call, because its JSON
 * breaks off or has no name, still becomes one, with the text as it was written, so that the caller can repair it.
 */
import { CallObject } from './call-object.js';
import { leadingBlank, trailingBlank } from './markers.js';
import type { OutputEvent } from './output-event.js';

export class CallReader {
  readonly object = new CallObject();
  #started = false;

  /** What has become certain since the last time. */
  events(): OutputEvent[] {
    const { toolName, input } = this.object;
    if (toolName === undefined) return [];
    return this.#eventsOf(toolName, input?.take() ?? '');
  }

  /** @param closed whether the format's own marker closes the call, so that the object's brace is no part of the arguments */
  end(closed: boolean): OutputEvent[] {
    const { toolName = '' } = this.object;
    const { delta, input } = this.#rest(closed);
    return [...this.#eventsOf(toolName, delta), { type: 'call-end', toolName, input }];
  }

  #rest(closed: boolean): { delta: string; input: string } {
    const { toolName, input, state, raw } = this.object;
    if (toolName !== undefined && input) return input.end(closed);
    const whole =
      state === 'done' && toolName !== undefined ? '{}' : raw.slice(leadingBlank(raw), trailingBlank(raw));
    return { delta: whole, input: whole };
  }

  #eventsOf(toolName: string, delta: string): OutputEvent[] {
    const events: OutputEvent[] = this.#started ? [] : [{ type: 'call-start', toolName }];
    this.#started = true;
    return delta === '' ? events : [...events, { type: 'call-delta', delta }];
  }
}
