/** The input of a capability as the body of a request. */
import type { AnyCapability } from '@trivium/protocol';
import { z } from 'zod';
import { servedInput } from '../../served/index.js';

/** Describes the body and lets through any object: the capability's own schema checks it once paths are resolved. */
export function bodySchema(capability: AnyCapability): z.ZodType {
  const { $schema: _, ...described } = servedInput(capability);
  return z.looseObject({}).meta(described);
}
