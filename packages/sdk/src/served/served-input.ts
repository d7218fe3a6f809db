/** The input of a capability as callers of a served folder give it: a list of paths may be left out, and means all of it. */
import type { AnyCapability } from '@trivium/protocol';
import { z } from 'zod';
import { pathFields } from './path-fields.js';

/** A schema as JSON Schema describes it. */
export interface DescribedInput {
  type?: unknown;
  properties?: Record<string, { description?: string }>;
  required?: string[];
  [key: string]: unknown;
}

/** @throws TriviumError as `pathFields` */
export function servedInput(capability: AnyCapability): DescribedInput {
  const schema = z.toJSONSchema(capability.input, { io: 'input', unrepresentable: 'any' }) as DescribedInput;
  const lists = pathFields(capability).filter(
    ({ role, list, field }) => role === 'path' && list && !field.includes('.'),
  );
  for (const { field } of lists) {
    const property = schema.properties?.[field];
    if (property) {
      const described = `${property.description ?? ''} Relative to the server's root; default: all of it.`;
      property.description = described.trim();
    }
    if (schema.required) schema.required = schema.required.filter((name) => name !== field);
  }
  return schema;
}
