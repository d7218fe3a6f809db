/** One document's text without a library: the text in which the offsets of citations count. */
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { TriviumError } from '@trivium/protocol/errors';
import { decodeSource } from './readers/decode-source.js';
import { binaryName, fileKind } from './readers/media-types.js';
import { SkippedFile } from './types.js';

/** Of a file that is read without another bound. */
export const defaultMaxFileBytes = 64 * 2 ** 20;

export interface DocumentText {
  /**
   * The decoded file, as `readFileSync(path, 'utf8')` gives one in UTF-8: a byte order mark is its first character.
   * Of a PDF the text taken from it. Citations' `start` and `end` are UTF-16 offsets into it.
   */
  text: string;
  mediaType: string;
}

/** What {@link documentText} will call the text of a file with this name. */
export function documentMediaType(path: string): string {
  const { reader, mediaType } = fileKind(path);
  return reader === 'pdf' ? 'text/plain' : mediaType;
}

/**
 * @param path of a file
 * @throws TriviumError `not-found`; `too-large` over `maxFileBytes` (default 64 MiB); `unsupported` for what is no document;
 * between pages of a PDF the signal's reason
 * @example
 * const { text } = await documentText('docs/tea.md');
 * text.slice(citation.start, citation.end) === citation.text;
 */
export async function documentText(
  path: string,
  { maxFileBytes = defaultMaxFileBytes, signal }: { maxFileBytes?: number; signal?: AbortSignal } = {},
): Promise<DocumentText> {
  signal?.throwIfAborted();
  const binary = binaryName(path);
  if (binary) throw notADocument(path, binary);
  const bytes = await bytesOf(path, maxFileBytes);
  try {
    const decoded = decodeSource(path, bytes);
    if (decoded) return { text: decoded.text, mediaType: documentMediaType(path) };
    const { readSource } = await import('./readers/read-source.js');
    return { text: (await readSource(path, bytes, signal)).text, mediaType: 'text/plain' };
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof SkippedFile ? notADocument(path, error.message) : TriviumError.from(error);
  }
}

/** The text of the document that was asked for last: who reads one in parts has it decoded, or taken from a PDF, once. */
export class LastDocumentText {
  #kept: { key: string; text: DocumentText } | undefined;

  /** @throws as {@link documentText} */
  async read(path: string, options: { signal?: AbortSignal } = {}): Promise<DocumentText> {
    const found = await stat(path).catch((error: unknown) => {
      throw TriviumError.from(error);
    });
    const key = [path, found.size, found.mtimeMs, found.ctimeMs, found.ino].join('\n');
    if (this.#kept?.key === key) return this.#kept.text;
    this.#kept = undefined;
    const text = await documentText(path, options);
    this.#kept = { key, text };
    return text;
  }
}

/**
 * Whether bytes can be a document of this name; of a PDF only its first bytes are looked at.
 * @throws TriviumError `unsupported` with the reason
 */
export function assertDocument(name: string, bytes: Uint8Array): void {
  try {
    decodeSource(name, bytes);
  } catch (error) {
    throw error instanceof SkippedFile ? notADocument(name, error.message) : TriviumError.from(error);
  }
}

async function bytesOf(path: string, maxFileBytes: number): Promise<Buffer> {
  try {
    // Before it is opened: to open a pipe that nobody writes to waits for ever.
    if (!(await stat(path)).isFile()) throw notADocument(path, 'it is no file');
    const file = await open(path, 'r');
    try {
      const found = await file.stat();
      if (found.size > maxFileBytes) {
        throw new TriviumError('too-large', `${basename(path)} is too large to be read at once.`, {
          file: path,
          found: `${found.size} bytes`,
          expected: `at most ${maxFileBytes} bytes`,
          remedy: 'Search it instead, or split it.',
        });
      }
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw TriviumError.from(error);
  }
}

const notADocument = (path: string, reason: string) =>
  new TriviumError('unsupported', `${basename(path)} is no document: ${reason}.`, {
    file: path,
    expected: 'text, Markdown, HTML, PDF or source code',
    remedy: 'Convert it to one of these.',
  });
