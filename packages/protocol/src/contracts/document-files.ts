/** Documents as files: which there are, and the text in which the offsets of citations count. */
import * as z from 'zod';
import { defineCapability } from '../capability.js';
import { filePath, readOnly, sourcePaths } from './shared.js';

const offset = z.number().int().min(0);

export const documentsList = defineCapability({
  plugin: 'documents',
  name: 'documents-list',
  title: 'List documents',
  description:
    'The files below paths that can be read as documents, with their sizes, and what is skipped and why.',
  input: z.object({
    paths: sourcePaths,
    limit: z.number().int().min(1).max(10_000).default(1000).describe('Documents at most, by path.'),
  }),
  progress: z.never(),
  output: z.object({
    documents: z.array(z.object({ path: z.string(), bytes: z.number().int(), mediaType: z.string() })),
    total: z.number().int().describe('How many there are, those over the limit included.'),
    skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
  }),
  effects: readOnly,
  commandLine: { positional: 'paths', examples: ['documents list ./docs'] },
  readable: ({ documents, total, skipped }) =>
    [
      ...documents.map(({ path, bytes }) => `${path} (${bytes} bytes)`),
      total > documents.length && `… ${total - documents.length} more`,
      ...skipped.map(({ path, reason }) => `skipped ${path}: ${reason}`),
    ]
      .filter(Boolean)
      .join('\n'),
});

export const documentsText = defineCapability({
  plugin: 'documents',
  name: 'documents-text',
  title: 'The text of a document',
  description:
    'The text of one document, whole or from one offset to another: what the start and end of a citation count in. Of a PDF it is the text taken from it.',
  input: z.object({
    path: filePath('A file.'),
    start: offset.optional().describe('First character; default: the beginning.'),
    end: offset
      .optional()
      .describe('One past the last character; default, and at most: the end of the document.'),
  }),
  progress: z.never(),
  output: z.object({
    path: z.string(),
    mediaType: z.string(),
    text: z.string(),
    start: offset,
    end: offset,
    characters: offset.describe('Of the whole document.'),
    line: z.number().int().describe('Line of the first character, from 1.'),
  }),
  effects: readOnly,
  commandLine: { positional: 'path', examples: ['documents text report.pdf --start 1200 --end 2400'] },
  readable: ({ text }) => text,
});
