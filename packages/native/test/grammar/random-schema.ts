/**
 * Schemas as people and tools write them, made at random: every keyword that grammars support, nested, combined and
 * referred to. Some have no value at all, and some say what cannot be decided; those are refused, which is a result too.
 */
import type { Random } from './random.js';

export type Schema = Record<string, unknown> | boolean;

const names = [
  'id',
  'name',
  'a',
  'ab',
  'x_1',
  'größe',
  'with space',
  'quo"te',
  '日期',
  'kind',
  'items',
  '__proto',
  '0',
];
const patterns = [
  '^[a-z]+$',
  '^\\d{3}-\\d{4}$',
  'b',
  '^a|z$',
  '^(?:foo|bar)+$',
  '^[^\\s"]{1,8}$',
  '^\\p{Lu}\\w*$',
  '^.{2,5}$',
  '[0-9]$',
  '^(?!x)[w-z]{1,4}$',
  '^#[0-9a-fA-F]{6}$',
  '^\\S+ \\S+$',
  '^[\\u4e00-\\u9fff]*$',
  '^$|^ok$',
];
const formats = [
  'date',
  'time',
  'date-time',
  'uuid',
  'email',
  'ipv4',
  'ipv6',
  'hostname',
  'uri',
  'uri-reference',
  'uri-template',
  'json-pointer',
  'relative-json-pointer',
  'duration',
  'password',
];
const values = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  42,
  1e21,
  'a',
  '',
  'é"\\\n',
  '日本',
  [],
  [1, 'x'],
  {},
  { a: 1, b: [null] },
];

export function randomSchema(random: Random): Schema {
  const definitions: Record<string, Schema> = {};
  if (random.chance(0.3))
    for (const name of ['one', 'two'].slice(0, 1 + random.below(2))) definitions[name] = true;
  const context = { random, definitions: Object.keys(definitions) };
  for (const name of context.definitions) definitions[name] = schemaOf(context, 2);
  const root = schemaOf(context, 3 + random.below(2));
  return typeof root === 'object' && context.definitions.length > 0 ? { ...root, $defs: definitions } : root;
}

interface Context {
  random: Random;
  definitions: string[];
}

function schemaOf(context: Context, depth: number): Schema {
  const { random } = context;
  const kind = random.next();
  if (depth > 0 && kind < 0.08) return { anyOf: several(context, depth - 1, 2 + random.below(2)) };
  if (depth > 0 && kind < 0.12) return { allOf: several(context, depth - 1, 2) };
  if (depth > 0 && kind < 0.16) return oneOf(context, depth);
  if (kind < 0.22 && context.definitions.length > 0)
    return {
      $ref: `#/$defs/${random.pick(context.definitions)}`,
      ...(random.chance(0.1) && { type: 'object' }),
    };
  if (kind < 0.25) return random.chance(0.8) ? {} : true;
  if (kind < 0.32) return { enum: Array.from({ length: 1 + random.below(4) }, () => random.pick(values)) };
  if (kind < 0.35) return { const: random.pick(values) };
  if (kind < 0.39)
    return { type: ['null', random.pick(['string', 'integer', 'boolean', 'object'])], description: 'either' };
  if (kind < 0.52) return { type: 'string', ...text(random) };
  if (kind < 0.62) return { type: random.pick(['integer', 'number']), ...bounds(random) };
  if (kind < 0.66) return { type: random.pick(['boolean', 'null']) };
  if (depth === 0) return { type: 'integer' };
  return kind < 0.78 ? array(context, depth - 1) : object(context, depth - 1);
}

const several = (context: Context, depth: number, count: number): Schema[] =>
  Array.from({ length: count }, () => schemaOf(context, depth));

function text(random: Random): Record<string, unknown> {
  const kind = random.next();
  const length = random.below(6);
  const lengths = {
    ...(random.chance(0.6) && { minLength: length }),
    ...(random.chance(0.6) && { maxLength: length + random.below(random.chance(0.2) ? 80 : 8) }),
  };
  if (kind < 0.3) return {};
  if (kind < 0.55) return lengths;
  if (kind < 0.75) return { pattern: random.pick(patterns), ...(random.chance(0.2) && lengths) };
  return { format: random.pick(formats) };
}

function bounds(random: Random): Record<string, unknown> {
  const low = random.pick([-1000, -3, 0, 0.5, 1, 7, -2.25, 1e-3, 99.9, 0.1]);
  const high = low + random.pick([0, 1, 2.5, 10, 1234, 1e9, 0.3]);
  return {
    ...(random.chance(0.5) && { [random.pick(['minimum', 'exclusiveMinimum'])]: low }),
    ...(random.chance(0.5) && { [random.pick(['maximum', 'exclusiveMaximum'])]: high }),
    ...(random.chance(0.15) && { multipleOf: random.pick([1, 2, 5, 7, 100]) }),
    ...(random.chance(0.1) && { format: 'double' }),
    ...(random.chance(0.1) && { nullable: true }),
  };
}

function array(context: Context, depth: number): Schema {
  const { random } = context;
  const least = random.below(4);
  return {
    type: 'array',
    ...(random.chance(0.2) && { prefixItems: several(context, depth, 1 + random.below(3)) }),
    ...(random.chance(0.8) && { items: random.chance(0.1) ? false : schemaOf(context, depth) }),
    ...(random.chance(0.4) && { minItems: least }),
    ...(random.chance(0.4) && { maxItems: least + random.below(5) }),
    ...(random.chance(0.1) && { uniqueItems: false }),
  };
}

function object(context: Context, depth: number): Schema {
  const { random } = context;
  const keys = [...new Set(Array.from({ length: random.below(5) }, () => random.pick(names)))];
  const properties = Object.fromEntries(keys.map((key) => [key, schemaOf(context, depth)]));
  const additional = random.next();
  return {
    type: 'object',
    properties,
    ...(random.chance(0.6) && { required: keys.filter(() => random.chance(0.6)) }),
    ...(random.chance(0.05) && { required: ['unnamed'] }),
    ...(additional < 0.5 && { additionalProperties: false }),
    ...(additional > 0.8 && { additionalProperties: schemaOf(context, 0) }),
    ...(random.chance(0.1) && {
      patternProperties: { [random.pick(['^a', 'x', '^\\d+$'])]: schemaOf(context, 0) },
    }),
    ...(random.chance(0.1) && { propertyNames: propertyNames(random) }),
    ...(random.chance(0.1) && { minProperties: random.below(3) }),
    ...(random.chance(0.1) && { maxProperties: 1 + random.below(3) }),
    title: 'an object',
  };
}

const propertyNames = (random: Random): Schema =>
  random.pick<Schema>([
    { enum: names.filter(() => random.chance(0.7)) },
    { type: 'string', pattern: random.pick(['^[a-z]', '^.{1,4}$', 'e']) },
    { maxLength: 4 },
    { anyOf: [{ const: 'id' }, { minLength: 3 }] },
    { type: 'string' },
    false,
  ]);

function oneOf(context: Context, depth: number): Schema {
  const { random } = context;
  if (random.chance(0.3)) return { oneOf: several(context, depth - 1, 2) };
  return {
    oneOf: ['x', 'y', 'z'].slice(0, 2 + random.below(2)).map((kind) => ({
      type: 'object',
      properties: { kind: { const: kind }, value: schemaOf(context, depth - 1) },
      required: ['kind'],
      additionalProperties: random.chance(0.5),
    })),
  };
}
