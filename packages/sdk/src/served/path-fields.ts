/** Which fields of a capability's input name files, by the marks of its schema. Knows schemas, opens nothing. */
import { type AnyCapability, TriviumError } from '@trivium/protocol';
import { z } from 'zod';

export type Role = 'path' | 'model';

export const roleOf = (schema: z.ZodType) =>
  (z.globalRegistry.get(schema) as { role?: Role } | undefined)?.role;

/** What is inside a schema: schemas that see the same value, schemas of what it holds, or such as nothing is known of. */
type Inside = { same: readonly z.ZodType[] } | Held | { hidden: readonly z.ZodType[] };

export interface Held {
  isList: boolean;
  /** Of the items of a list, all alike. */
  element?: z.ZodType;
  /** Of fields, and of places in a tuple, by name. */
  named?: Record<string, z.ZodType>;
  /** Of every other field or place. */
  rest?: z.ZodType | null | undefined;
  /** Of the names of fields. */
  name?: z.ZodType;
}

const isSchema = (value: unknown): value is z.ZodType =>
  typeof (value as { safeParse?: unknown } | null | undefined)?.safeParse === 'function';

export function insideOf(schema: z.ZodType): Inside {
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own fields
  const { def } = schema as unknown as { def: any };
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
      return { same: [def.innerType] };
    case 'lazy':
      return { same: [def.getter()] };
    case 'union':
      return { same: def.options };
    case 'intersection':
      return { same: [def.left, def.right] };
    case 'array':
      return { isList: true, element: def.element };
    case 'tuple':
      return { isList: true, named: { ...def.items }, rest: def.rest };
    case 'object':
      return { isList: false, named: def.shape, rest: def.catchall };
    case 'record':
      return { isList: false, name: def.keyType, rest: def.valueType };
    default:
      // A pipe too: values are confined before they are parsed, and it may make others of them.
      return { hidden: Object.values(def).flat().filter(isSchema) };
  }
}

export const below = (field: string, key: string) => (field ? `${field}.${key}` : key);

export interface PathField {
  /** `stages.polish.model` where the field lies within objects, `files.*` where it is any of them. */
  field: string;
  role: Role;
  list: boolean;
}

/** @param above the schemas around it: one that holds itself ends there */
function fieldsOf(schema: z.ZodType, field: string, above: readonly z.ZodType[] = []): PathField[] {
  const role = roleOf(schema);
  if (role) return [{ field, role, list: false }];
  if (above.includes(schema)) return [];
  const inside = insideOf(schema);
  const within = (part: z.ZodType, name = field) => fieldsOf(part, name, [...above, schema]);
  if ('same' in inside) return inside.same.flatMap((part) => within(part));
  if ('hidden' in inside) {
    // From the beginning: one of the schemas around it may stand in there again.
    if (inside.hidden.every((part) => fieldsOf(part, field, [schema]).length === 0)) return [];
    throw new TriviumError('unsupported', `A path inside a z.${schema.type}() cannot be confined.`, {
      field,
      expected: 'filePath() in objects, records, arrays, tuples and unions',
      remedy: 'Correct the contract of the plugin, or leave the plugin out.',
    });
  }
  const { element, named = {}, rest, name } = inside;
  return [
    ...(element ? within(element).map((found) => ({ ...found, list: true })) : []),
    ...Object.entries(named).flatMap(([key, part]) => within(part, below(field, key))),
    ...[name, rest].flatMap((part) => (part ? within(part, below(field, '*')) : [])),
  ];
}

const marked = new WeakMap<z.ZodType, boolean>();

/** Whether a value of this schema may name files; one that cannot is not walked through. */
export function namesFiles(schema: z.ZodType): boolean {
  const known = marked.get(schema) ?? fieldsOf(schema, '').length > 0;
  marked.set(schema, known);
  return known;
}

/**
 * The fields of a capability that name files, those within objects included, and whether they are lists.
 * @throws TriviumError `unsupported` where one lies in a schema that cannot be followed
 */
export function pathFields(capability: AnyCapability): PathField[] {
  return fieldsOf(capability.input, '');
}
