/**
 * The arguments of a call whose name came before them, read character by character: one JSON value that stands by itself.
 * Gives its text while it comes and says when its brackets have closed. What is no JSON is passed on as it was written.
 */
import { isBlank, leadingBlank, trailingBlank } from './markers.js';
import type { OutputEvent } from './output-event.js';

const closing: Record<string, string> = { '{': '}', '[': ']' };

export class ArgumentsReader {
  /** The value is complete; a bare number or word never is, for more of it may come. */
  done = false;
  readonly #toolName: string;
  #input = '';
  #shown = 0;
  #started = false;
  #brackets: string[] = [];
  #inString = false;
  #escaped = false;

  constructor(toolName: string) {
    this.#toolName = toolName;
  }

  /** A marker that comes now is content: it stands in a string, and no raw line break says that the string never closed. */
  get holdsMarkers(): boolean {
    return this.#inString && !endsInLineBreak(this.#input);
  }

  read(character: string): void {
    if (this.done && (isBlank(character) || character === '}' || character === ']')) return;
    this.#input += character;
    if (this.#inString) this.#readString(character);
    else if (character === '"') this.#inString = true;
    else if (closing[character]) this.#brackets.push(closing[character]);
    else if (this.#brackets.length > 0 && this.#brackets.at(-1) === character) {
      this.#brackets.pop();
      this.done = this.#brackets.length === 0;
    }
  }

  /** What has become certain since the last time. */
  events(): OutputEvent[] {
    return this.#upTo(trailingBlank(this.#input));
  }

  end(): OutputEvent[] {
    const events = this.events();
    const input = this.#input.slice(leadingBlank(this.#input), trailingBlank(this.#input));
    return [...events, { type: 'call-end', toolName: this.#toolName, input }];
  }

  #readString(character: string): void {
    if (this.#escaped) this.#escaped = false;
    else if (character === '\\') this.#escaped = true;
    else if (character === '"') {
      this.#inString = false;
      this.done = this.#brackets.length === 0;
    }
  }

  #upTo(end: number): OutputEvent[] {
    const events: OutputEvent[] = this.#started ? [] : [{ type: 'call-start', toolName: this.#toolName }];
    this.#started = true;
    const from = Math.max(this.#shown, leadingBlank(this.#input));
    const delta = this.#input.slice(from, end);
    this.#shown = Math.max(from, end);
    return delta === '' ? events : [...events, { type: 'call-delta', delta }];
  }
}

/** A JSON string holds no raw line break: behind one, it was never closed. */
export const endsInLineBreak = (text: string): boolean => /\n[ \t\r\n]*$/.test(text.slice(-64));

/** A call of which there is no more than the text that should have been one. */
export function brokenCall(text: string): OutputEvent[] {
  const input = text.slice(leadingBlank(text), trailingBlank(text));
  return [
    { type: 'call-start', toolName: '' },
    ...(input === '' ? [] : [{ type: 'call-delta' as const, delta: input }]),
    { type: 'call-end', toolName: '', input },
  ];
}
