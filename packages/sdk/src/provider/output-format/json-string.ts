/** Where a JSON string ends, read character by character from behind its opening quote. */
import { isBlank } from './markers.js';

export class JsonString {
  isOpen = false;
  #escaped = false;
  #endsInLineBreak = false;

  open(): void {
    this.isOpen = true;
    this.#escaped = false;
    this.#endsInLineBreak = false;
  }

  /** One more character of an open string. */
  read(character: string): void {
    this.#endsInLineBreak = character === '\n' || (this.#endsInLineBreak && isBlank(character));
    if (this.#escaped) this.#escaped = false;
    else if (character === '\\') this.#escaped = true;
    else if (character === '"') this.isOpen = false;
  }

  /** A marker that comes now is content: JSON strings hold no raw line break, so one that ends in it was never closed. */
  get holdsMarkers(): boolean {
    return this.isOpen && !this.#endsInLineBreak;
  }
}
