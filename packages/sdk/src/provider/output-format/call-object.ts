/**
 * Reads the JSON object of one tool call, `{"name": …, "arguments": {…}}`, character by character: gives the name and the
 * text of the arguments while they come, and says when the object ends or stops being JSON. Knows the keys, but no
 * markers and no tools; arguments keep their own text, white space and escapes included.
 */
import { isBlank } from './markers.js';

const nameKeys = ['name', 'function'];
const argumentKeys = ['arguments', 'parameters'];
/** Other keys that such objects are seen with; their values say nothing. */
const sideKeys = ['type', 'id'];

const closing: Record<string, string> = { '{': '}', '[': ']' };
/** What may stand in JSON outside a string. */
const structural = /[ \t\r\n{}[\]:,\-+.0-9a-zA-Z"]/;

type Expected = 'object' | 'key' | 'colon' | 'value' | 'comma';

export class CallObject {
  /** Everything read so far. */
  raw = '';
  toolName: string | undefined;
  /** The arguments' text so far. Arguments given as a JSON string are known when the string ends, without its quotes. */
  input: string | undefined;
  state: 'open' | 'done' | 'broken' = 'open';
  /** Length of `input` when it stopped being JSON. */
  brokenAt: number | undefined;
  /** A key that no tool call has. */
  strangeKey = false;
  #expected: Expected = 'object';
  #key = '';
  #value = '';
  #brackets: string[] = [];
  #inString = false;
  #escaped = false;

  /** Inside a string, where a marker is content. */
  get inString(): boolean {
    return this.#inString && this.state === 'open';
  }

  /** Whether the arguments have begun, known or not. */
  get inArguments(): boolean {
    return this.input !== undefined || (this.#expected === 'value' && argumentKeys.includes(this.#key));
  }

  read(character: string): void {
    this.raw += character;
    if (this.state === 'broken') {
      if (this.input !== undefined) this.input += character;
    } else if (this.#inString) this.#readString(character);
    else this.#readStructure(character);
  }

  #readString(character: string): void {
    this.#take(character);
    if (this.#escaped) this.#escaped = false;
    else if (character === '\\') this.#escaped = true;
    else if (character === '"') {
      this.#inString = false;
      if (this.#brackets.length === 0) this.#endToken();
    }
  }

  #readStructure(character: string): void {
    if (this.#brackets.length > 0) {
      this.#readNested(character);
      return;
    }
    const ends = isBlank(character) || character === ',' || character === '}';
    // A number, true, false or null goes on, or ends.
    if (this.#value !== '' && !ends) {
      if (/[-+.\w]/.test(character)) this.#take(character);
      else this.#break(character);
      return;
    }
    if (this.#value !== '') this.#endToken();
    if (isBlank(character)) return;
    if (this.#expected === 'object' && character === '{') this.#expected = 'key';
    else if (this.#expected === 'key' && character === '"') {
      this.#inString = true;
      this.#take(character);
    } else if (this.#expected === 'colon' && character === ':') this.#expected = 'value';
    else if (this.#expected === 'comma' && character === ',') this.#expected = 'key';
    else if ((this.#expected === 'comma' || this.#expected === 'key') && character === '}')
      this.state = 'done';
    else if (this.#expected === 'value' && /["{[\-\w]/.test(character)) this.#beginValue(character);
    else this.#break(character);
  }

  #beginValue(character: string): void {
    if (argumentKeys.includes(this.#key) && this.input !== undefined) {
      this.#break(character);
      return;
    }
    if (closing[character]) this.#brackets.push(closing[character]);
    this.#inString = character === '"';
    this.#take(character);
  }

  #readNested(character: string): void {
    const closes = character === '}' || character === ']';
    if (!structural.test(character) || (closes && this.#brackets.at(-1) !== character)) {
      this.#break(character);
      return;
    }
    if (closing[character]) this.#brackets.push(closing[character]);
    else if (closes) this.#brackets.pop();
    else if (character === '"') this.#inString = true;
    this.#take(character);
    if (this.#brackets.length === 0) this.#endToken();
  }

  /** One more character of the key or the value. */
  #take(character: string): void {
    this.#value += character;
    const asIs = this.#expected === 'value' && argumentKeys.includes(this.#key) && this.#value[0] !== '"';
    if (asIs) this.input = (this.input ?? '') + character;
  }

  #endToken(): void {
    const text = this.#value;
    this.#value = '';
    if (this.#expected === 'key') {
      this.#key = String(parsed(text));
      this.strangeKey ||= ![...nameKeys, ...argumentKeys, ...sideKeys].includes(this.#key);
      this.#expected = 'colon';
      return;
    }
    this.#expected = 'comma';
    const value = text.startsWith('"') ? parsed(text) : undefined;
    if (nameKeys.includes(this.#key) && this.toolName === undefined && typeof value === 'string')
      this.toolName = value;
    if (argumentKeys.includes(this.#key) && text.startsWith('"'))
      this.input = typeof value === 'string' && typeof parsed(value) === 'object' ? value : text;
  }

  #break(character: string): void {
    this.state = 'broken';
    this.#inString = false;
    // What began as a string of arguments is passed on as it stands.
    if (this.input === undefined && this.#expected === 'value' && argumentKeys.includes(this.#key))
      this.input = this.#value;
    if (this.input === undefined) return;
    this.brokenAt = this.input.length;
    this.input += character;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
