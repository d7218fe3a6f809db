/**
 * What the JSON Schema of an object says of its fields, looking through references, unions and intersections: which types of
 * JSON a field takes, and which values where they are few. Knows no flags and checks nothing.
 */
export interface JsonSchema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  /** `false`: none beside `prefixItems`. */
  items?: JsonSchema | false;
  prefixItems?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  /** Of what is at names that `properties` does not have. */
  additionalProperties?: JsonSchema | boolean;
  required?: string[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  $ref?: string;
}

/** What may stand in one place. */
export interface Shape {
  /** Types of JSON, `integer` among them; none where anything may. */
  types: readonly string[];
  /** Those values that are named one by one. */
  choices: readonly unknown[];
  /** There are no other values than these. */
  isClosed: boolean;
}

export interface FieldSchema extends Shape {
  name: string;
  required: boolean;
  description: string | undefined;
  default: unknown;
  /** Where it takes lists. */
  items: Shape | undefined;
}

/** The fields of an object, in the order of its schema; of a union of objects those of each. */
export function fieldsOf(root: JsonSchema): FieldSchema[] {
  const objects = alternativesOf(root, root);
  const names = new Set(objects.flatMap(({ properties = {} }) => Object.keys(properties)));
  return [...names].map((name) => {
    const found = objects.flatMap(({ properties = {} }) => properties[name] ?? []);
    const alternatives = found.flatMap((schema) => alternativesOf(schema, root));
    const told = [...found, ...(alternatives.length === 1 ? alternatives : [])];
    const lists = alternatives.filter(({ type }) => [type].flat().includes('array'));
    const items = lists.flatMap((list) => itemsOf(list, root));
    return {
      name,
      required: objects.every(({ required = [] }) => required.includes(name)),
      description: told.find(({ description }) => description !== undefined)?.description,
      default: told.find((schema) => schema.default !== undefined)?.default,
      ...shapeOf(alternatives),
      items: lists.length > 0 ? shapeOf(items) : undefined,
    };
  });
}

/** Whether values may have something at this path: `['stages', 'summary', 'ratio']`, `['paths', '0']`. */
export function hasPlace(path: readonly string[], root: JsonSchema): boolean {
  const places = path.reduce(
    (schemas, key) =>
      schemas.flatMap((schema) => alternativesOf(schema, root)).flatMap((one) => at(key, one)),
    [root],
  );
  return places.length > 0;
}

function at(
  key: string,
  { properties = {}, additionalProperties, items, prefixItems }: JsonSchema,
): JsonSchema[] {
  const named = Object.hasOwn(properties, key) ? properties[key]! : additionalProperties;
  if (typeof named === 'object') return [named];
  const item = /^\d+$/.test(key) ? (prefixItems?.[Number(key)] ?? items) : undefined;
  return item ? [item] : [];
}

/** The schemas one of which a value is held to. */
function alternativesOf(
  schema: JsonSchema,
  root: JsonSchema,
  outer: readonly JsonSchema[] = [],
): JsonSchema[] {
  // What holds itself says nothing new.
  if (outer.includes(schema)) return [];
  const inside = (one: JsonSchema) => alternativesOf(one, root, [...outer, schema]);
  const { $ref, anyOf, oneOf = anyOf, allOf } = schema;
  if ($ref !== undefined) return inside(referred($ref, root));
  if (oneOf) return oneOf.flatMap(inside);
  if (allOf)
    return allOf.map(inside).reduce((all, more) => all.flatMap((one) => more.map((next) => both(one, next))));
  return [schema];
}

/** `#`, `#/$defs/name`. */
const referred = (pointer: string, root: JsonSchema): JsonSchema =>
  pointer
    .split('/')
    .slice(1)
    .reduce((schema, key) => schema[key] as Record<string, unknown>, root as Record<string, unknown>);

const both = (one: JsonSchema, other: JsonSchema): JsonSchema => ({
  ...one,
  ...other,
  properties: { ...one.properties, ...other.properties },
  required: [...(one.required ?? []), ...(other.required ?? [])],
});

const itemsOf = ({ items, prefixItems = [] }: JsonSchema, root: JsonSchema): JsonSchema[] =>
  // A list of which nothing is said holds anything.
  (items || prefixItems.length > 0 ? [...prefixItems, ...(items ? [items] : [])] : [{}]).flatMap((schema) =>
    alternativesOf(schema, root),
  );

function shapeOf(alternatives: readonly JsonSchema[]): Shape {
  const types = alternatives.map(typesOf);
  const named = alternatives.map(choicesOf);
  return {
    types: types.some((known) => known.length === 0) ? [] : [...new Set(types.flat())],
    choices: [...new Set(named.flatMap((values) => values ?? []))],
    isClosed: alternatives.length > 0 && named.every((values) => values !== undefined),
  };
}

const typesOf = (schema: JsonSchema): string[] =>
  schema.type === undefined ? (choicesOf(schema) ?? []).map(jsonTypeOf) : [schema.type].flat();

/** `null` is a type and no choice. */
function choicesOf(schema: JsonSchema): unknown[] | undefined {
  if (schema.type === 'null') return [];
  return 'const' in schema ? [schema.const] : schema.enum;
}

/** The type of JSON that a value has, every number a `number`. */
export const jsonTypeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
