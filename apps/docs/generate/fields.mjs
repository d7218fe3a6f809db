// A zod schema as a table of its fields: names, types in the words of JSON Schema, defaults, descriptions.
import { z } from 'zod';
import { code, plain, table } from './write-page.mjs';

/** JSON Schema names what is used twice; the tables of a page show it in place. */
function resolved(schema, whole) {
  const name = /^#\/(?:\$defs|definitions)\/(.+)$/.exec(schema?.$ref ?? '')?.[1];
  const found = name && (whole.$defs ?? whole.definitions)?.[name];
  return found ? { ...found, ...schema, $ref: undefined } : schema;
}

function typeOf(given, whole) {
  const schema = resolved(given, whole) ?? {};
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map((choice) => typeOf(choice, whole)))].join(' | ');
  if (schema.type === 'array') {
    const items = typeOf(schema.items, whole);
    return items.includes(' ') ? `(${items})[]` : `${items}[]`;
  }
  return [schema.type ?? 'any'].flat().join(' | ');
}

const bounds = ({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }) => {
  const most = [Number.MAX_SAFE_INTEGER, 2 ** 31 - 1].includes(maximum) ? undefined : maximum;
  const least = [Number.MIN_SAFE_INTEGER].includes(minimum) ? undefined : minimum;
  return [
    least !== undefined && `at least ${least}`,
    exclusiveMinimum !== undefined && `above ${exclusiveMinimum}`,
    most !== undefined && `at most ${most}`,
    exclusiveMaximum !== undefined && `below ${exclusiveMaximum}`,
  ].filter(Boolean);
};

/** Rows of the fields of an object; fields of objects in it follow with their path, arrays of objects with `[]`. */
function rowsOf(given, whole, path = '', depth = 0) {
  const schema = resolved(given, whole) ?? {};
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const field = resolved(property, whole);
    const required = schema.required?.includes(name) && field.default === undefined;
    const notes = [
      field.description && plain(field.description).replace(/\.$/, ''),
      ...bounds(field),
      field.default !== undefined && `default ${code(JSON.stringify(field.default))}`,
    ].filter(Boolean);
    const row = [code(path + name), code(typeOf(field, whole)), required ? 'yes' : '', notes.join('; ')];
    const isList = field.type === 'array';
    const inner = isList ? resolved(field.items, whole) : field;
    const below =
      inner?.properties && depth < 2
        ? rowsOf(inner, whole, `${path}${name}${isList ? '[]' : ''}.`, depth + 1)
        : [];
    return [row, ...below];
  });
}

/** @param io whether the schema is seen by who gives the value or by who gets it */
export function fieldTable(schema, io) {
  const whole = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return jsonFieldTable(whole, io);
}

export function jsonFieldTable(whole, io) {
  const rows = rowsOf(whole, whole);
  if (rows.length === 0) return undefined;
  return io === 'input'
    ? table(['field', 'type', 'required', 'what it is'], rows)
    : table(
        ['field', 'type', 'what it is'],
        rows.map(([field, type, , notes]) => [field, type, notes]),
      );
}

/** The kinds of progress events: the `type` of each, with its other fields. */
export function progressList(schema) {
  const whole = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
  const kinds = (whole.anyOf ?? whole.oneOf ?? [whole]).flatMap((kind) => {
    const one = resolved(kind, whole);
    return one.anyOf ?? one.oneOf ?? [one];
  });
  const shown = kinds.filter(({ properties }) => properties);
  return shown.map(({ properties: { type, ...others } }) => {
    const names = Object.keys(others)
      .map((name) => code(name))
      .join(', ');
    return type ? `- ${code(type.const)}${names && `: ${names}`}` : `- ${names}`;
  });
}
