/** Long-text clients over the host's libraries and models: what the document capabilities share. */
import { normalize } from 'node:path';
import {
  type DownloadProgress,
  type ModelProgress,
  type ReadProgress,
  type SourceWarning,
  TriviumError,
} from '@trivium/protocol';
import type { ReadOptions, ReadReport } from '../documents/index.js';
import { createLongText, type LongText } from '../long-text/index.js';
import { TriviumLanguageModel } from '../provider/language-model.js';
import type { Host } from './host.js';

interface DocumentsCall {
  host: Host;
  signal: AbortSignal;
  /** What is fetched before the documents are read: the models of search that the host names. */
  report: (step: DownloadProgress) => void;
  model?: undefined;
}

/** A call that names a language model: it is fetched where it is not here, and loaded. */
export interface ModelCall {
  host: Host;
  signal: AbortSignal;
  report: ((step: ModelProgress) => void) | undefined;
}

/** One whose answer a language model may write. */
interface WritingCall extends ModelCall {
  model: string | undefined;
  report: (step: ModelProgress) => void;
}

/**
 * Lends `use` a client over the library of `paths`, with the embedded vectors and, where one is named, a language model.
 * Models that are not here yet are fetched first, and the call's signal ends that too.
 */
export async function withLongText<T>(
  paths: readonly string[],
  call: DocumentsCall | WritingCall,
  use: (client: LongText) => Promise<T>,
): Promise<T> {
  const { host, signal, report, model } = call;
  await host.fetchDocumentModels({ signal, onProgress: report });
  const writer = model === undefined ? undefined : await languageModel(model, call);
  await using lease = await host.libraries.lease(paths);
  const client = createLongText({
    library: lease.library,
    embed: (texts, options) => host.embedSentences(texts, options?.signal),
    ...(writer && { model: writer }),
  });
  return await use(client);
}

/** A model by reference, fetched and loaded. */
export async function languageModel(reference: string, { host, signal, report }: ModelCall) {
  await host.models.get(reference, 'language', { signal, onProgress: report });
  return new TriviumLanguageModel(reference, 'v3', host.models);
}

/**
 * Brings the library up to date: what did not change since the last call costs a look at the files.
 * @throws TriviumError `bad-format` where nothing can be read and a file was named that cannot be; of a folder without documents
 * the report says so
 */
export async function bringUpToDate(
  client: LongText,
  paths: readonly string[],
  signal: AbortSignal,
  report: (step: ReadProgress) => void,
) {
  const options: ReadOptions = {
    signal,
    onProgress: (progress) => report({ type: 'read-progress', ...progress }),
  };
  const found = await client.read(paths, options);
  const named = new Set(paths.map((path) => normalize(path)));
  if (found.documents === 0) assertReadable(found.skipped.filter(({ path }) => named.has(path)));
  return found;
}

/** Skipped documents that are named one by one. */
const namedSkips = 3;

/**
 * As `bringUpToDate`, for what is made of the documents: those that cannot be read, or not as a whole, are warned of, for an
 * answer without them would look whole.
 * @throws TriviumError `bad-format` where none can be read, with the first one's reason
 */
export async function readAll(
  client: LongText,
  paths: readonly string[],
  signal: AbortSignal,
  report: (step: ReadProgress | SourceWarning) => void,
): Promise<void> {
  const { documents, skipped, warnings } = await bringUpToDate(client, paths, signal, report);
  if (documents === 0) assertReadable(skipped);
  if (documents === 0)
    report({
      type: 'warning',
      message: 'There are no documents.',
      ...(paths.length === 1 && { path: paths[0] }),
    });
  for (const { path, reason } of skipped.slice(0, namedSkips))
    report({ type: 'warning', message: `skipped, ${reason}`, path });
  const more = skipped.length - namedSkips;
  if (more > 0)
    report({
      type: 'warning',
      message: `Skipped: ${more} more; reading the folder lists them all.`,
    });
  for (const message of warnings) report({ type: 'warning', message });
}

function assertReadable(skipped: ReadReport['skipped']): void {
  const [first] = skipped;
  if (!first) return;
  const count = skipped.length;
  throw new TriviumError(
    'bad-format',
    count === 1 ? `${first.path} cannot be read.` : `None of ${count} documents can be read.`,
    {
      file: first.path,
      found: first.reason,
      remedy: 'Name documents with text: Markdown, text, HTML, PDF or source code.',
    },
  );
}
