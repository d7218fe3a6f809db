import { defineCapability } from '@trivium/protocol';
import { z } from 'zod';

export const endless = defineCapability({
  plugin: 'time',
  name: 'endless',
  title: 'Endless',
  description: 'Goes on until it is stopped.',
  input: z.object({ steps: z.number().optional() }),
  progress: z.object({ done: z.number() }),
  output: z.object({ steps: z.number() }),
  effects: { writes: false, destructive: false, network: false },
});
