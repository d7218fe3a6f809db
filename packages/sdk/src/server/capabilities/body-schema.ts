/** The input of a capability as callers of a confined surface give it: a list of paths may be left out. */
import type { AnyCapability } from '@trivium/protocol';
import { z } from 'zod';
import { pathFields } from '../../served/index.js';

/**
 * Describes the body and lets through any object: the capability's own schema checks it once paths are resolved, for a list
 * of paths that is left out means the whole root.
 */
export function bodySchema(capability: AnyCapability): z.ZodType {
  const schema = z.toJSONSchema(capability.input, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  const lists = pathFields(capability).filter(
    ({ role, list, field }) => role === 'path' && list && !field.includes('.'),
  );
  for (const { field } of lists) {
    const property = schema.properties?.[field];
    if (property)
      property.description =
        `${property.description ?? ''} Relative to the server's root; default: all of it.`.trim();
    if (schema.required) schema.required = schema.required.filter((name) => name !== field);
  }
  const { $schema: _, ...described } = schema as Record<string, unknown>;
  return z.looseObject({}).meta(described);
}
