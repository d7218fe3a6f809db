/**
 * Schemas that several contracts share. Offsets are UTF-16 code units into the file's decoded text: of one in UTF-8 what
 * `readFileSync(path, 'utf8')` gives, and in any encoding a byte order mark is its first character. Of a PDF they are into
 * the text that `documents text` takes from it.
 */
import * as z from 'zod';

/** A file or folder the host will open. Surfaces that confine callers (MCP `--root`) look for this mark. */
export const filePath = (description: string) =>
  z.string().min(1).describe(description).meta({ role: 'path' });

export const sourcePaths = z
  .array(filePath('A file, folder or glob.'))
  .min(1)
  .describe('Files, folders or globs to read; "-" is standard input.');

export const modelReference = z
  .string()
  .min(1)
  .describe(
    'A model: "nano" or one of its embedders "nano-static" and "nano-contextual", a GGUF file, a Hugging Face folder, ' +
      'or hf:org/repo, which is downloaded on first use.',
  )
  .meta({ role: 'model' });

/** A place in a source and what stands there. */
export const citation = z.object({
  path: z.string(),
  start: z.number().int().describe('First character, as an offset into the file.'),
  end: z.number().int().describe('One past the last character.'),
  text: z.string(),
  line: z.number().int().optional().describe('Line of the first character, from 1.'),
  page: z.number().int().optional().describe('Page, from 1, where the format has pages.'),
});
export type Citation = z.output<typeof citation>;

/** Where a citation stands, as people write it: `docs/a.md:12`. */
export const place = ({ path, line, page }: Citation) =>
  `${path}${page ? `, page ${page}` : line ? `:${line}` : ''}`;

export const answerMode = z
  .enum(['extractive', 'abstractive'])
  .describe(
    'extractive: sentences of the source; abstractive: written by a language model, citations checked.',
  );

/** How far reading has come. */
export const readProgress = z.object({
  type: z.literal('read-progress'),
  path: z.string(),
  done: z.number().int(),
  total: z.number().int(),
});
export type ReadProgress = z.output<typeof readProgress>;

/** What an answer lacks or does less well, said before it: documents that cannot be read, citations that do not hold. */
export const sourceWarning = z.object({
  type: z.literal('warning'),
  message: z.string(),
  path: z.string().optional().describe('The document or folder that it is about.'),
});
export type SourceWarning = z.output<typeof sourceWarning>;

/** How far a download has come: of one file, in bytes. */
export const downloadProgress = z.object({
  type: z.literal('download-progress'),
  file: z.string().describe('Path inside the repository.'),
  bytes: z.number().int(),
  totalBytes: z.number().int(),
});
export type DownloadProgress = z.output<typeof downloadProgress>;

/** How far a model is read into memory. */
export const loadProgress = z.object({
  type: z.literal('load-progress'),
  share: z.number().describe('0 to 1.'),
});
export type LoadProgress = z.output<typeof loadProgress>;

/** What a call tells before a model that it names can be used. */
export const modelProgress = [downloadProgress, loadProgress] as const;
export type ModelProgress = DownloadProgress | LoadProgress;

/** How far a model is: of its `file` that is fetched the bytes, or else the share that is loaded. */
export function modelFigures(step: ModelProgress): {
  file?: string;
  done: number;
  total: number;
} {
  return step.type === 'load-progress'
    ? { done: step.share, total: 1 }
    : { file: step.file, done: step.bytes, total: step.totalBytes };
}

/** `hf:org/repo`, with a revision, a file or a quantization where they matter. */
export const hubReference = z
  .string()
  .min(1)
  .describe(
    'A model of the Hugging Face Hub: hf:org/repo, hf:org/repo:Q4_K_M, hf:org/repo/file.gguf, hf:org/repo@revision/file.gguf.',
  );

/** How far the reading of a source has come that a model cannot hold at once: one chunk of it has become a note. */
export const chunkProgress = z.object({
  type: z.literal('chunk-end'),
  level: z.number().int().describe('From 1; notes of a level are the chunks of the next one.'),
  chunk: z.number().int().describe('From 1.'),
  chunks: z.number().int(),
});
export type ChunkProgress = z.output<typeof chunkProgress>;

export const textDelta = z.object({ type: z.literal('text-delta'), text: z.string() });

export const readOnly = { writes: false, destructive: false, network: false } as const;
