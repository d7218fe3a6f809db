/**
 * What the words behind a flag are as a value of its field: text and numbers as they are typed, lists by repeating the flag
 * or, of numbers, with commas, all else as JSON. Checks no more than is needed to tell these apart: the contract does.
 */
import { TriviumError } from '@trivium/protocol';
import { type FieldSchema, jsonTypeOf, type Shape } from './field-schemas.js';

/** @throws TriviumError `invalid-argument` naming the flag */
export function valueBehind(flag: string, field: FieldSchema, given: readonly string[]): unknown {
  const { items } = field;
  const [text = ''] = given;
  if (!items) return valueOrFault(flag, field, given.at(-1)!);
  if (given.length === 1) {
    // A list in one piece, where that could not be an item.
    const list = parsed(text);
    if (Array.isArray(list) && !takes(items, 'array') && !takes(items, 'string')) return list;
    const others = field.types.filter((type) => type !== 'array');
    const other = others.length > 0 ? valueAs(others, text) : undefined;
    if (other !== undefined) return other;
  }
  const words = isOnly(items, 'number') ? given.flatMap((numbers) => numbers.split(',')) : given;
  return words.map((word) => valueOrFault(flag, items, word));
}

function valueOrFault(flag: string, { types }: Shape, text: string): unknown {
  const value = valueAs(types, text);
  if (value !== undefined) return value;
  const wanted = [...new Set(types.map((type) => spoken[kindOf(type)] ?? 'JSON'))].join(' or ');
  const found = wanted === 'JSON' ? '' : `, not "${text}"`;
  throw new TriviumError('invalid-argument', `--${flag} wants ${wanted}${found}.`, { field: `--${flag}` });
}

const spoken: Record<string, string> = { number: 'a number', boolean: 'true or false', null: 'null' };

/** What a text says as one of these types; `undefined` where it says none of them. */
function valueAs(types: readonly string[], text: string): unknown {
  const shape = { types };
  if (isOnly(shape, 'string')) return text;
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (takes(shape, 'number') && !Number.isNaN(number)) return number;
  const value = parsed(text);
  // Text needs no quotes, and keeps those that it has.
  if (value !== undefined && typeof value !== 'string' && takes(shape, jsonTypeOf(value))) return value;
  return takes(shape, 'string') ? text : undefined;
}

/** `undefined` for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Types = Pick<Shape, 'types'>;

const kindOf = (type: string) => (type === 'integer' ? 'number' : type);
const takes = ({ types }: Types, kind: string) =>
  types.length === 0 || types.some((type) => kindOf(type) === kind);
const isOnly = ({ types }: Types, kind: string) =>
  types.length > 0 && types.every((type) => kindOf(type) === kind);
