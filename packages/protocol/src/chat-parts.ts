/**
 * What a Trivium server tells in a chat beside its text: `data-trivium-*` parts of the AI SDK's UI messages. Plain data with
 * schemas; runs anywhere. Refuses to know the AI SDK: `TriviumDataParts` is what its types take.
 */
import * as z from 'zod';
import { citation } from './contracts/shared.js';

/** What an answer took. Sent once, when the model has ended; tokens as the model counts them. */
export const chatUsagePart = z.object({
  model: z.string(),
  inputTokens: z.number().int().optional(),
  outputTokens: z.number().int().optional(),
  cachedTokens: z.number().int().optional().describe('Of the input: taken from an earlier prompt.'),
  firstTokenMs: z.number().optional().describe('Milliseconds to the first piece of text or reasoning.'),
  ms: z.number().describe('Milliseconds of the whole answer.'),
  tokensPerSecond: z.number().optional().describe('Output tokens behind the first, by the time behind it.'),
});

/** Where an answer from documents stands; one part a stage, which later ones replace. */
export const chatStagePart = z.object({
  stage: z.enum(['model', 'read', 'answer']).describe('model: one that is named is fetched or loaded.'),
  status: z
    .enum(['running', 'finished', 'stopped'])
    .describe('stopped: the answer failed or was ended meanwhile.'),
  file: z.string().optional().describe('model: the one that is fetched.'),
  done: z
    .number()
    .optional()
    .describe('model: bytes that are fetched, or the share that is loaded; read: documents.'),
  total: z.number().optional(),
});

/** What a marker `[number]` of the answer cites. */
export const chatCitationPart = z.object({ number: z.number().int(), citation });

/** What the answer lacks or does less well, or what the model was asked and does not do. */
export const chatWarningPart = z.object({
  message: z.string(),
  path: z.string().optional().describe('The document that it is about.'),
});

/** Schemas by part, as `dataPartSchemas` of the AI SDK takes them. */
export const chatDataSchemas = {
  'trivium-usage': chatUsagePart,
  'trivium-stage': chatStagePart,
  'trivium-citation': chatCitationPart,
  'trivium-warning': chatWarningPart,
} as const;

/** A part's type is `data-` and its name here: `UIMessage<unknown, TriviumDataParts>`. */
export type TriviumDataParts = {
  [Name in keyof typeof chatDataSchemas]: z.output<(typeof chatDataSchemas)[Name]>;
};

/** A part as it travels. */
export type TriviumDataPart = {
  [Name in keyof TriviumDataParts]: { type: `data-${Name}`; id: string; data: TriviumDataParts[Name] };
}[keyof TriviumDataParts];
