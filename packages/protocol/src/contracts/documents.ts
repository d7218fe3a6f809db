/** What can be done with documents: read, search, ask, summarize. */
import * as z from 'zod';
import { defineCapability } from '../capability.js';
import {
  answerMode,
  type Citation,
  chunkProgress,
  citation,
  downloadProgress,
  modelProgress,
  modelReference,
  place,
  readOnly,
  readProgress,
  sourcePaths,
  sourceWarning,
  textDelta,
} from './shared.js';

const milliseconds = z.number().describe('Milliseconds.');

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
const quote = (hit: Citation) => `${place(hit)}\n${hit.text.trim().replace(/^/gm, '  ')}`;
const cited = ({ text, citations, mode }: { text: string; citations: Citation[]; mode: string }) =>
  text === '' && citations.length === 0
    ? 'Nothing found.'
    : `${text.trim()}\n\n${citations.map((hit, index) => `[${index + 1}] ${place(hit)}\n`).join('')}(${mode})`;

export const read = defineCapability({
  plugin: 'documents',
  name: 'read',
  title: 'Read documents',
  description:
    'Reads files and folders (Markdown, text, HTML, PDF, source code) into a searchable index. Reading again does only what changed.',
  input: z.object({ paths: sourcePaths }),
  progress: z.discriminatedUnion('type', [downloadProgress, readProgress]),
  output: z.object({
    documents: z.number().int(),
    bytes: z.number().int(),
    characters: z.number().int(),
    tokens: z.number().int(),
    chunks: z.number().int(),
    changed: z.number().int().describe('Documents read anew this time.'),
    skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
    warnings: z.array(z.string()).describe('What works less well than it could, and why.'),
    ms: milliseconds,
  }),
  effects: readOnly,
  commandLine: { positional: 'paths', examples: ['read ./docs'] },
  readable: ({ documents, tokens, chunks, changed, skipped, warnings, ms }) =>
    [
      `${counted(documents, 'document')}, ${counted(tokens, 'token')}, ${counted(chunks, 'passage')}; ${changed} read anew in ${Math.round(ms)} ms`,
      ...skipped.map(({ path, reason }) => `skipped ${path}: ${reason}`),
      ...warnings,
    ].join('\n'),
});

export const searchHit = citation.extend({ score: z.number() });

export const search = defineCapability({
  plugin: 'documents',
  name: 'search',
  title: 'Search documents',
  description:
    'Finds the passages of a folder of documents that fit a query, in English or Chinese, across both languages.',
  input: z.object({
    paths: sourcePaths,
    query: z.string().min(1).describe('What to look for.'),
    limit: z.number().int().min(1).max(1000).default(10).describe('How many hits at most.'),
  }),
  progress: z.discriminatedUnion('type', [downloadProgress, readProgress, sourceWarning]),
  output: z.object({ query: z.string(), hits: z.array(searchHit) }),
  effects: readOnly,
  commandLine: { positional: 'paths', examples: ['search ./docs --query "retry a failed call" --limit 5'] },
  readable: ({ query, hits }) =>
    hits.length === 0 ? `Nothing found for "${query}".` : hits.map(quote).join('\n\n'),
});

export const ask = defineCapability({
  plugin: 'documents',
  name: 'ask',
  title: 'Ask documents',
  description:
    'Answers a question from a folder of documents with citations: quotes with file, line and offsets. Without a model the answer is made of quotes.',
  input: z.object({
    paths: sourcePaths,
    question: z.string().min(1),
    model: modelReference.optional(),
    limit: z
      .number()
      .int()
      .min(1)
      .max(20)
      .optional()
      .describe('How many citations at most; default: 3, or 8 where a model writes.'),
  }),
  progress: z.discriminatedUnion('type', [...modelProgress, readProgress, sourceWarning, textDelta]),
  output: z.object({ text: z.string(), citations: z.array(citation), mode: answerMode, ms: milliseconds }),
  effects: readOnly,
  commandLine: { positional: 'paths', examples: ['ask ./docs --question "How do I stop a stream?"'] },
  readable: cited,
});

export const summarize = defineCapability({
  plugin: 'documents',
  name: 'summarize',
  title: 'Summarize documents',
  description:
    'Summarizes a document or folder to a number of words or a share of its length, optionally about a query. Without a model the summary is made of its own sentences.',
  input: z
    .object({
      paths: sourcePaths,
      words: z.number().int().min(1).optional().describe('Length in words (or Chinese characters / 1.6).'),
      ratio: z.number().gt(0).lte(1).optional().describe('Length as a share of the source.'),
      query: z.string().optional().describe('What the summary should be about.'),
      model: modelReference.optional(),
    })
    .refine((input) => input.words === undefined || input.ratio === undefined, {
      message: 'give words or ratio, not both',
      path: ['ratio'],
    }),
  progress: z.discriminatedUnion('type', [
    ...modelProgress,
    readProgress,
    sourceWarning,
    chunkProgress,
    textDelta,
  ]),
  output: z.object({
    text: z.string(),
    citations: z.array(citation),
    mode: answerMode,
    sourceTokens: z.number().int(),
    ms: milliseconds,
  }),
  effects: readOnly,
  commandLine: { positional: 'paths', examples: ['summarize report.pdf --words 200'] },
  readable: cited,
});
