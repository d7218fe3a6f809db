/** Staged writing as a capability: a long text from documents in stages, with citations, stoppable and resumable. */
import * as z from 'zod';
import { defineCapability } from '../capability.js';
import {
  citation,
  filePath,
  modelProgress,
  modelReference,
  place,
  readProgress,
  sourcePaths,
} from './shared.js';
import { stageReport, writeEvent, writeStage, writeUsage } from './write-events.js';

const tokens = z.number().int().min(1);

/** How one stage writes; what is left out is the call's. */
export const stageInput = z
  .object({
    model: modelReference.optional(),
    temperature: z.number().min(0).optional(),
    maxTokens: tokens.optional().describe('Output tokens of one call at most.'),
    maxTotalTokens: tokens.optional().describe('Input and output tokens of the whole stage at most.'),
    tokenShare: z.number().gt(0).lte(1).optional().describe('Share of the maxTotalTokens of the call.'),
    deadlineMs: z
      .number()
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .optional()
      .describe('Milliseconds after which the stage ends with what it has.'),
  })
  .strict();

/** How each stage writes. */
export const stagesInput = z
  .object({
    summary: stageInput.extend({ ratio: z.number().gt(0).lt(1).optional() }).optional(),
    expand: stageInput.optional(),
    polish: z.union([stageInput, z.literal(false)]).optional(),
  })
  .strict()
  .describe(
    'Model, temperature, maxTokens, maxTotalTokens, tokenShare and deadlineMs of summary, expand and polish.',
  );

export const write = defineCapability({
  plugin: 'documents',
  name: 'write',
  title: 'Write a long text from documents',
  description:
    'Writes a text of a given length from documents in three stages: a summary of numbered points, a section for each, a polish for flow. Every citation is checked against its passage. Needs a language model; can be stopped and resumed.',
  input: z
    .object({
      paths: sourcePaths,
      instruction: z.string().trim().min(1).describe('What to write, in the language to write in.'),
      words: z
        .number()
        .int()
        .min(50)
        .max(100_000)
        .default(1000)
        .describe('Length in words (or Chinese characters / 1.6).'),
      summaryRatio: z
        .number()
        .gt(0)
        .lt(1)
        .optional()
        .describe('Share of the length spent on the summary first; default 0.3.'),
      sections: z.number().int().min(1).max(200).optional().describe('Sections after the summary.'),
      model: modelReference.optional(),
      stages: stagesInput.optional(),
      maxTotalTokens: tokens.optional().describe('Input and output tokens of all stages at most.'),
      checkpoint: filePath(
        'A file that keeps the state, so that a stopped call goes on where it was.',
      ).optional(),
      redo: writeStage
        .optional()
        .describe('Write this stage and those after it anew, whatever the checkpoint holds of them.'),
    })
    .refine((input) => input.summaryRatio === undefined || input.stages?.summary?.ratio === undefined, {
      message: 'give summaryRatio or stages.summary.ratio, not both',
      path: ['summaryRatio'],
    }),
  progress: z.discriminatedUnion('type', [...modelProgress, readProgress, ...writeEvent.options]),
  output: z.object({
    text: z.string(),
    citations: z.array(citation),
    words: z.number(),
    stages: z.array(stageReport),
    usage: writeUsage,
    warnings: z.array(z.string()),
    ms: z.number().describe('Milliseconds.'),
  }),
  effects: { writes: true, destructive: false, network: false },
  commandLine: {
    positional: 'paths',
    deltas: 'drafts',
    outputEvent: 'finish',
    examples: [
      'write ./docs --instruction "A briefing for the board" --words 3000 --model ./model.gguf --checkpoint briefing.json',
      'write ./docs --instruction "A short guide" --model ./model.gguf --stages \'{"polish":false}\' --events',
    ],
  },
  readable: ({ text, citations }) =>
    [text.trim(), citations.map((hit, index) => `- [${index + 1}] ${place(hit)}`).join('\n')]
      .filter(Boolean)
      .join('\n\n'),
});
