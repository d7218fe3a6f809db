/**
 * Files as indexed documents: those that changed are read and given vectors, of others what was known is taken. Refuses to
 * know: which files there are, what is kept of them.
 */
import { createHash } from 'node:crypto';
import { TriviumError } from '@trivium/protocol/errors';
import { type FoundFile, reasonOf } from './collect-files.js';
import {
  type FileFacts,
  type IndexedDocument,
  indexDocument,
  isUnreadable,
  type KnownFile,
  type UnreadableFile,
} from './indexed-document.js';
import { readSource } from './readers/read-source.js';
import { Turns } from './turns.js';
import { type DocumentEmbedder, type ReadOptions, type ReadReport, SkippedFile } from './types.js';
import { VectorBatches } from './vector-batches.js';

export type ReadBytes = (file: string) => Uint8Array | Promise<Uint8Array>;

export interface ReadFilesOptions {
  readBytes: ReadBytes;
  embedder: DocumentEmbedder | undefined;
  /** Bytes of a file; a larger one is skipped, also where it is indexed already: the index may be of a library that takes it. */
  maxFileBytes: number;
  signal: AbortSignal;
  onProgress: ReadOptions['onProgress'] | undefined;
}

export interface FilesRead {
  documents: IndexedDocument[];
  unreadable: UnreadableFile[];
  skipped: ReadReport['skipped'];
  /** Documents whose content is new. */
  changed: number;
}

/**
 * Changes nothing that is known: the index holds it, and the reading may yet be given up.
 * @param known by absolute path
 * @throws the signal's reason; what the embedder or a listener throws
 */
export async function readFiles(
  files: readonly FoundFile[],
  known: ReadonlyMap<string, KnownFile>,
  { readBytes, embedder, maxFileBytes, signal, onProgress }: ReadFilesOptions,
): Promise<FilesRead> {
  const documents: IndexedDocument[] = [];
  const unreadable: UnreadableFile[] = [];
  const skipped: FilesRead['skipped'] = [];
  const batches = new VectorBatches(embedder, signal);
  const turns = new Turns(signal);
  let changed = 0;
  for (const [done, file] of files.entries()) {
    await turns.next();
    const before = known.get(file.absolutePath);
    try {
      if (file.size > maxFileBytes)
        throw new SkippedFile(`${file.size} bytes, more than maxFileBytes allows (${maxFileBytes})`);
      const now =
        before && isUnchanged(before, file)
          ? named(before, file.path)
          : await readFile(file, before, readBytes, signal);
      if (isUnreadable(now)) {
        unreadable.push(now);
        skipped.push({ path: file.path, reason: now.reason });
      } else {
        documents.push(now);
        if (now.hash !== before?.hash) {
          changed++;
          await batches.add(now);
        }
      }
    } catch (error) {
      if (!(error instanceof SkippedFile) && !(error as NodeJS.ErrnoException).code?.startsWith?.('E'))
        throw error;
      skipped.push({ path: file.path, reason: reasonOf(error) });
    }
    onProgress?.({ path: file.path, done: done + 1, total: files.length });
  }
  await batches.finish();
  await turns.next();
  return { documents, unreadable, skipped, changed };
}

/** What was known before, where its content is the same after all. */
async function readFile(
  file: FoundFile,
  before: KnownFile | undefined,
  readBytes: ReadBytes,
  signal: AbortSignal,
): Promise<KnownFile> {
  const readAt = Date.now();
  const bytes = await readBytes(file.absolutePath);
  const hash = hashOf(bytes);
  if (before?.hash === hash) {
    const again = { ...before, ...file, readAt };
    // Where it is read again all the same, as one dated ahead is, a later reading is nothing to write down.
    return isNamedAndDated(before, file) && !isUnchanged(again, file) ? before : again;
  }
  const facts = { ...file, readAt, hash };
  try {
    return indexDocument(facts, await readSource(file.path, bytes, signal));
  } catch (error) {
    if (error instanceof SkippedFile) return { ...facts, reason: reasonOf(error) };
    throw error;
  }
}

/**
 * Standard input as a document named "-".
 * @throws TriviumError `bad-format` where it is none; the signal's reason
 */
export async function readStandardInput(
  bytes: Uint8Array,
  before: KnownFile | undefined,
  embedder: DocumentEmbedder | undefined,
  signal: AbortSignal,
): Promise<IndexedDocument> {
  const hash = hashOf(bytes);
  if (before && !isUnreadable(before) && before.hash === hash) return before;
  const times = { mtimeMs: 0, ctimeMs: 0, ino: 0, readAt: 0 };
  const facts = { path: '-', absolutePath: '-', size: bytes.length, ...times, hash };
  try {
    const document = indexDocument(facts, await readSource('-', bytes, signal));
    const batches = new VectorBatches(embedder, signal);
    await batches.add(document);
    await batches.finish();
    return document;
  } catch (error) {
    if (!(error instanceof SkippedFile)) throw error;
    throw new TriviumError('bad-format', `Standard input cannot be read: ${error.message}.`, { file: '-' });
  }
}

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const named = (file: KnownFile, path: string): KnownFile => (file.path === path ? file : { ...file, path });

const isNamedAndDated = (before: FileFacts, file: FoundFile) =>
  before.path === file.path && isDated(before, file);

const isDated = (before: FileFacts, { size, mtimeMs, ctimeMs, ino }: FoundFile) =>
  size === before.size && mtimeMs === before.mtimeMs && ctimeMs === before.ctimeMs && ino === before.ino;

const isUnchanged = (before: FileFacts, file: FoundFile) =>
  isDated(before, file) && Math.max(file.mtimeMs, file.ctimeMs) < before.readAt - 20;
