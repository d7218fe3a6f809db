/**
 * Reads the JSON object of one tool call, `{"name": …, "arguments": {…}}`, character by character: gives the name and the
 * text of the arguments while they come, and says when the object ends or stops being JSON. Knows the keys, but no
 * markers and no tools; arguments keep their own text, white space and escapes included.
 */
import { InputText } from './input-text.js';
import { JsonString } from './json-string.js';
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
  /** The arguments' text. Arguments given as a JSON string are known when the string ends, without its quotes. */
  input: InputText | undefined;
  state: 'open' | 'done' | 'broken' = 'open';
  /** A key that no tool call has. */
  strangeKey = false;
  #expected: Expected = 'object';
  #key = '';
  #value = '';
  /** The value is the arguments themselves. */
  #isInput = false;
  #brackets: string[] = [];
  readonly #string = new JsonString();

  /** A marker that comes now is content. */
  get holdsMarkers(): boolean {
    return this.#string.holdsMarkers && this.state === 'open';
  }

  /** Whether the arguments have begun, known or not. */
  get inArguments(): boolean {
    return this.input !== undefined || (this.#expected === 'value' && argumentKeys.includes(this.#key));
  }

  read(character: string): void {
    this.raw += character;
    if (this.state === 'broken') this.#addBroken(character);
    else if (this.#string.isOpen) this.#readString(character);
    else this.#readStructure(character);
  }

  #readString(character: string): void {
    this.#take(character);
    this.#string.read(character);
    if (!this.#string.isOpen && this.#brackets.length === 0) this.#endToken();
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
      this.#string.open();
      this.#take(character);
    } else if (this.#expected === 'colon' && character === ':') this.#expected = 'value';
    else if (this.#expected === 'comma' && character === ',') this.#expected = 'key';
    else if ((this.#expected === 'comma' || this.#expected === 'key') && character === '}')
      this.state = 'done';
    else if (this.#expected === 'value' && /["{[\-\w]/.test(character)) this.#beginValue(character);
    else this.#break(character);
  }

  #beginValue(character: string): void {
    const isArguments = argumentKeys.includes(this.#key);
    if (isArguments && this.input) {
      this.#break(character);
      return;
    }
    if (closing[character]) this.#brackets.push(closing[character]);
    if (character === '"') this.#string.open();
    else if (isArguments) {
      this.#isInput = true;
      this.input = new InputText();
    }
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
    else if (character === '"') this.#string.open();
    this.#take(character);
    if (this.#brackets.length === 0) this.#endToken();
  }

  /** One more character of the key or the value. */
  #take(character: string): void {
    this.#value += character;
    if (this.#isInput) this.input?.add(character);
  }

  #endToken(): void {
    const text = this.#value;
    this.#value = '';
    this.#isInput = false;
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
    if (!argumentKeys.includes(this.#key) || !text.startsWith('"')) return;
    this.input = new InputText();
    const input = typeof value === 'string' && typeof parsed(value) === 'object' ? value : text;
    for (const character of input) this.input.add(character);
  }

  #break(character: string): void {
    this.state = 'broken';
    if (this.#expected === 'value' && argumentKeys.includes(this.#key)) this.input ??= new InputText();
    this.#addBroken(character);
  }

  /** Of what is no JSON a brace may be the arguments' or the object's own. */
  #addBroken(character: string): void {
    this.input?.add(character, character === '}');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
