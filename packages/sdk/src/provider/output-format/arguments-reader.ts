/**
 * The arguments of a call whose name came before them, read character by character: one JSON value that stands by itself.
 * Gives its text while it comes and says when its brackets have closed. What is no JSON is passed on as it was written.
 */
import { InputText } from './input-text.js';
import { JsonString } from './json-string.js';
import { isBlank, leadingBlank, trailingBlank } from './markers.js';
import type { OutputEvent } from './output-event.js';

const closing: Record<string, string> = { '{': '}', '[': ']' };

export class ArgumentsReader {
  /** The value is complete; a bare number or word never is, for more of it may come. */
  done = false;
  readonly #toolName: string;
  readonly #input = new InputText();
  readonly #string = new JsonString();
  #started = false;
  #brackets: string[] = [];

  constructor(toolName: string) {
    this.#toolName = toolName;
  }

  /** A marker that comes now is content. */
  get holdsMarkers(): boolean {
    return this.#string.holdsMarkers;
  }

  read(character: string): void {
    if (this.done && (isBlank(character) || character === '}' || character === ']')) return;
    this.#input.add(character);
    if (this.#string.isOpen) {
      this.#string.read(character);
      if (!this.#string.isOpen) this.done = this.#brackets.length === 0;
    } else if (character === '"') this.#string.open();
    else if (closing[character]) this.#brackets.push(closing[character]);
    else if (this.#brackets.length > 0 && this.#brackets.at(-1) === character) {
      this.#brackets.pop();
      this.done = this.#brackets.length === 0;
    }
  }

  /** What has become certain since the last time. */
  events(): OutputEvent[] {
    return this.#eventsOf(this.#input.take());
  }

  end(): OutputEvent[] {
    const { delta, input } = this.#input.end();
    return [...this.#eventsOf(delta), { type: 'call-end', toolName: this.#toolName, input }];
  }

  #eventsOf(delta: string): OutputEvent[] {
    const events: OutputEvent[] = this.#started ? [] : [{ type: 'call-start', toolName: this.#toolName }];
    this.#started = true;
    return delta === '' ? events : [...events, { type: 'call-delta', delta }];
  }
}

/** A call of which there is no more than the text that should have been one. */
export function brokenCall(text: string): OutputEvent[] {
  const input = text.slice(leadingBlank(text), trailingBlank(text));
  return [
    { type: 'call-start', toolName: '' },
    ...(input === '' ? [] : [{ type: 'call-delta' as const, delta: input }]),
    { type: 'call-end', toolName: '', input },
  ];
}
