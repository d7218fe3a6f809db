/**
 * What a staged writing reports, as plain data: the same events travel to a command line, over HTTP, to MCP and into
 * React, and come back from JSON as they went. Markers `[n]` in deltas and sections are numbers of source passages, told
 * by `citation` events; only the text of `finish` is numbered from 1 in order of appearance.
 */
import * as z from 'zod';
import { chunkProgress, citation, sourceWarning } from './shared.js';

export const writeStage = z
  .enum(['summary', 'expand', 'polish'])
  .describe('summary: numbered points; expand: a section a point; polish: sections written anew for flow.');

/** Tokens of a stage or of the whole text. Estimated from characters where a provider does not count. */
export const writeUsage = z.object({
  inputTokens: z.number().int(),
  cachedTokens: z.number().int(),
  outputTokens: z.number().int(),
  calls: z.number().int().describe('Calls of the model.'),
});

export const stageOutcome = z
  .enum(['finished', 'deadline', 'budget'])
  .describe('deadline, budget: the stage ended early with what it had; the next stages went on.');

const stage = writeStage;
const section = z.number().int().describe('Section of the text, from 1.');
const words = z.number().describe('Words; Chinese counts as characters / 1.6.');
/** What a checkpoint held already: told again in one piece, without calling the model. */
const resumed = z.boolean().describe('Taken from the checkpoint; no model was called.');

export const stageStart = z.object({
  type: z.literal('stage-start'),
  stage,
  words: words.describe('Words that the stage is to write.'),
  model: z.string(),
});
export const stageDelta = z.object({
  type: z.literal('text-delta'),
  stage,
  section: section.optional(),
  text: z.string(),
});
export const sectionStart = z.object({
  type: z.literal('section-start'),
  stage,
  section,
  sections: z.number().int().describe('Sections that the stage plans.'),
  words: words.describe('Words that the section is to have.'),
  title: z.string().optional(),
});
export const sectionEnd = z.object({
  type: z.literal('section-end'),
  stage,
  section,
  words,
  text: z.string().describe('The section as it is kept: checked, cut to length, without its title.'),
  rejected: z
    .boolean()
    .optional()
    .describe('polish: the rewriting was refused and the expanded section kept.'),
  resumed: resumed.optional(),
});
export const chunkEnd = chunkProgress.extend({ stage, resumed: resumed.optional() });
export const citationFound = z.object({
  type: z.literal('citation'),
  stage,
  number: z.number().int().describe('What a marker [n] of deltas and sections stands for.'),
  citation,
});
export const writeWarning = sourceWarning.extend({
  stage: stage.optional(),
  section: section.optional(),
});
export const stageReport = z.object({
  stage,
  model: z.string(),
  usage: writeUsage,
  words,
  ms: z.number().describe('Milliseconds, those of earlier runs of a resumed stage included.'),
  outcome: stageOutcome,
});
export const stageEnd = stageReport.extend({ type: z.literal('stage-end') });
export const writeFinish = z.object({
  type: z.literal('finish'),
  text: z.string(),
  citations: z.array(citation).describe('citations[n - 1] is what [n] of the text cites.'),
  usage: writeUsage,
});

export const writeEvent = z.discriminatedUnion('type', [
  stageStart,
  stageDelta,
  sectionStart,
  sectionEnd,
  chunkEnd,
  citationFound,
  writeWarning,
  stageEnd,
  writeFinish,
]);

export type WriteStage = z.output<typeof writeStage>;
export type WriteUsage = z.output<typeof writeUsage>;
export type StageOutcome = z.output<typeof stageOutcome>;
export type StageReport = z.output<typeof stageReport>;
export type WriteEvent = z.output<typeof writeEvent>;
