import type { Capability } from '@trivium/protocol';
import type { z } from 'zod';

export const endless: Capability<
  'endless',
  z.ZodObject<{ steps: z.ZodOptional<z.ZodNumber> }>,
  z.ZodObject<{ done: z.ZodNumber }>,
  z.ZodObject<{ steps: z.ZodNumber }>
>;
