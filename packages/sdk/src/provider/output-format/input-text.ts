/**
 * The arguments of a call while they come, character by character, given on in pieces without the white space around the
 * whole. Nothing is read twice: arguments may be as long as a context.
 */
import { isBlank, trailingBlank } from './markers.js';

export class InputText {
  /** What has been given on. */
  #given = '';
  #certain = '';
  /** What may be behind the end. */
  #held = '';
  #hasBegun = false;

  /** @param mayBeSurplus it is no part of the arguments where nothing but its like follows; white space never is */
  add(character: string, mayBeSurplus = false): void {
    if (isBlank(character) && !this.#hasBegun) return;
    this.#hasBegun = true;
    if (mayBeSurplus || isBlank(character)) this.#held += character;
    else {
      this.#certain += this.#held + character;
      this.#held = '';
    }
  }

  /** What has become certain since the last time. */
  take(): string {
    const delta = this.#certain;
    this.#given += delta;
    this.#certain = '';
    return delta;
  }

  /** The rest, as {@link take} gives it, and the whole. @param withoutBrace the last brace that may be surplus is */
  end(withoutBrace = false): { delta: string; input: string } {
    let held = this.#held.slice(0, trailingBlank(this.#held));
    if (withoutBrace && held.endsWith('}')) held = held.slice(0, trailingBlank(held.slice(0, -1)));
    this.#certain += held;
    this.#held = '';
    const delta = this.take();
    return { delta, input: this.#given };
  }
}
