/** Schemas as trees. Knows nothing of what they are for. */
import type * as z from 'zod';

const isSchema = (value: unknown): value is z.ZodType =>
  typeof (value as { _zod?: { run?: unknown } } | null | undefined)?._zod?.run === 'function';

/** The schemas right inside one: options, items, fields, keys, both ends of a pipe. */
function schemaParts(schema: z.ZodType): z.ZodType[] {
  const definition = schema._zod.def as unknown as Record<string, unknown>;
  const values = Object.keys(definition).flatMap((key): unknown[] => {
    // To read it may run a function of the contract.
    if (key === 'defaultValue') return [];
    const value = definition[key];
    if (key === 'shape') return Object.values(value as object);
    if (key === 'getter') return [(value as () => unknown)()];
    return Array.isArray(value) ? value : [value];
  });
  return values.filter(isSchema);
}

/** Whether a schema, or one at any depth inside it, is as asked; those that hold themselves come to an end. */
export function someSchema(
  schema: z.ZodType,
  isAsked: (one: z.ZodType) => boolean,
  seen = new Set<z.ZodType>(),
): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  return isAsked(schema) || schemaParts(schema).some((part) => someSchema(part, isAsked, seen));
}
