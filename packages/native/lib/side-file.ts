/**
 * A small JSON file beside a model's weights, read field by field. One that says something else than it can mean is an error:
 * a chat template that is passed over makes worse answers, and nobody learns why. Knows no field by name.
 */
import { dirname, join } from 'node:path';
import { TriviumError } from '@trivium/protocol/errors';
import type { RawDescription } from './addon.js';

type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** What stands there, short enough for an error. */
function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

export class SideFile {
  readonly #path: string;
  readonly #content: JsonObject;

  /** A file that is not there says nothing. @throws TriviumError `bad-format` for one that holds no JSON object */
  constructor({ path, texts }: Pick<RawDescription, 'path' | 'texts'>, name: string) {
    this.#path = join(path.endsWith('.safetensors') ? dirname(path) : path, name);
    const content = this.#parse(texts[name] ?? '{}');
    if (!isObject(content)) throw this.#wrong('/', 'a JSON object', content);
    this.#content = content;
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.#wrong('/', `JSON (${(error as Error).message})`, text);
    }
  }

  /**
   * What `read` makes of a field; nothing where the field is absent or null.
   * @param read gives `undefined` for what the field cannot mean
   * @throws TriviumError `bad-format` where it does
   */
  read<T>(field: string, expected: string, read: (value: unknown) => T | undefined): T | undefined {
    const value = this.#content[field] ?? undefined;
    if (value === undefined) return undefined;
    const meant = read(value);
    if (meant === undefined) throw this.#wrong(`/${field}`, expected, value);
    return meant;
  }

  /** @param field JSON pointer, '/' for the whole file */
  #wrong(field: string, expected: string, found: unknown): TriviumError {
    return new TriviumError('bad-format', `${this.#path}: ${field}: not ${expected}`, {
      file: this.#path,
      field,
      expected,
      found: shown(found),
      remedy: 'The file is damaged or incomplete: download or convert it again.',
    });
  }
}

export const asText = (value: unknown) => (typeof value === 'string' ? value : undefined);

/** Texts by name. */
export function asTexts(value: unknown): Readonly<Record<string, string>> | undefined {
  const isTexts = isObject(value) && Object.values(value).every((text) => typeof text === 'string');
  return isTexts ? (value as Record<string, string>) : undefined;
}

/** A token as text: a string, or an added-token object. */
export const asToken = (value: unknown) => asText(isObject(value) ? value.content : value);

/** Token ids: one, or a list. Negative ones stand for none. */
export function asIds(value: unknown): number[] | undefined {
  const ids: unknown[] = Array.isArray(value) ? value : [value];
  return ids.every(Number.isInteger) ? (ids as number[]).filter((id) => id >= 0) : undefined;
}
