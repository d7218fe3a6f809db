/**
 * The documents below the root as resources: listed in pages, read whole or in part, completed by path, watched. What a path
 * means is decided by its real path, as for tools. Keeps the text that was read last, for who reads it in parts, and a listing for
 * a moment, so that paging is cheap.
 */
import { stat } from 'node:fs/promises';
import { basename, relative, sep } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import { confinePath } from '@trivium/sdk';
import { collectFiles, documentMediaType, type FoundFile, LastDocumentText } from '@trivium/sdk/documents';
import type { EmbeddedContents } from '../surface/content.js';
import type { ResourceEntry, ResourceSource } from '../surface/surface.js';
import { withoutRoot } from '../without-root.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { documentTemplate, documentUri, isDocumentUri, parseDocumentUri } from './document-uri.js';
import { watchFile } from './watch-file.js';

const listingKeptMs = 2000;

export interface DocumentResourcesSettings {
  /** Absolute and real. */
  root: string;
  /** Entries of one page. Default: 200. */
  pageEntries?: number;
  /** Characters of one answer. Default: 500,000. */
  readCharacters?: number;
  /** Files watched at once. Default: 64. */
  maxWatched?: number;
}

export function documentResources({
  root,
  pageEntries = 200,
  readCharacters = 500_000,
  maxWatched = 64,
}: DocumentResourcesSettings): ResourceSource {
  const listing = keptListing(root);
  const texts = new LastDocumentText();
  let watched = 0;
  return hidingRoot(root, {
    templates: [
      {
        uriTemplate: documentTemplate,
        name: 'document',
        title: 'A document, or a part of it',
        description:
          'The text of a document below the root. start and end are the offsets of a citation: UTF-16 code units into the decoded text.',
      },
    ],
    owns: isDocumentUri,
    async list(cursor) {
      const files = await listing();
      const after = cursor === undefined ? undefined : decodeCursor(cursor);
      // By path and not by place, so that files which come and go move no page.
      const first = after === undefined ? 0 : files.findIndex(({ path }) => path > after);
      if (first < 0) return { resources: [] };
      const page = files.slice(first, first + pageEntries);
      const isLast = first + page.length >= files.length;
      return {
        resources: page.map(entryOf),
        ...(!isLast && { nextCursor: encodeCursor(page.at(-1)!.path) }),
      };
    },
    async read(uri, signal) {
      const { path, start, end } = parseDocumentUri(uri);
      const file = await realDocument(root, path, uri);
      const found = await texts.read(file, { signal }).catch((error: unknown) => {
        signal.throwIfAborted();
        throw withoutFile(error, uri);
      });
      const range = { start: start ?? 0, end: end ?? found.text.length };
      checkRange(uri, range, found.text);
      checkSize(uri, path, range, readCharacters);
      const contents: EmbeddedContents = {
        uri,
        mimeType: found.mediaType,
        text: found.text.slice(range.start, range.end),
      };
      return [contents];
    },
    async complete(_template, variable, typed) {
      if (variable !== 'path') return [];
      const paths = (await listing()).map(({ path }) => path);
      const begins = paths.filter((path) => path.startsWith(typed));
      const rest = paths.filter((path) => !path.startsWith(typed) && basename(path).startsWith(typed));
      return [...begins, ...rest];
    },
    async watch(uri, changed) {
      if (watched >= maxWatched) {
        throw new TriviumError('busy', `${maxWatched} documents are watched already.`, {
          field: 'uri',
          expected: `at most ${maxWatched} subscriptions`,
          remedy: 'Unsubscribe from one that no longer matters.',
        });
      }
      watched += 1;
      let stop: () => void;
      try {
        stop = await watchFile(await realDocument(root, parseDocumentUri(uri).path, uri), changed);
      } catch (error) {
        watched -= 1;
        throw error;
      }
      let isWatched = true;
      return () => {
        if (!isWatched) return;
        isWatched = false;
        watched -= 1;
        stop();
      };
    },
  });
}

/** The same source, whose failures do not say where the root is. */
function hidingRoot(root: string, source: Required<ResourceSource>): ResourceSource {
  const hide = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw withoutRoot(error, root);
    }
  };
  return {
    templates: source.templates,
    owns: source.owns,
    list: (...asked) => hide(source.list(...asked)),
    read: (...asked) => hide(source.read(...asked)),
    complete: (...asked) => hide(source.complete(...asked)),
    watch: (...asked) => hide(source.watch(...asked)),
  };
}

interface ListedFile extends Pick<FoundFile, 'size'> {
  /** With `/`, from the root on. */
  path: string;
}

function keptListing(root: string): () => Promise<ListedFile[]> {
  let kept: { files: Promise<ListedFile[]>; atMs: number } | undefined;
  return () => {
    if (!kept || Date.now() - kept.atMs > listingKeptMs) {
      kept = { files: listFiles(root), atMs: Date.now() };
      kept.files.catch(() => (kept = undefined));
    }
    return kept.files;
  };
}

async function listFiles(root: string): Promise<ListedFile[]> {
  const { files } = await collectFiles([root], { within: root });
  return files
    .map(({ absolutePath, size }) => ({
      path: relative(root, absolutePath).split(sep).join('/'),
      size,
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const entryOf = ({ path, size }: ListedFile): ResourceEntry => ({
  uri: documentUri({ path }),
  name: path,
  mimeType: documentMediaType(path),
  size,
});

async function realDocument(root: string, path: string, uri: string): Promise<string> {
  const file = await confinePath(root, path, 'uri').catch((error: unknown) => {
    throw withoutFile(error, uri);
  });
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile()) return file;
  throw new TriviumError('not-found', `There is no document ${uri}.`, {
    field: 'uri',
    found: uri,
    remedy: 'resources/list names the documents there are.',
  });
}

/** The same failure, about the URI: a client knows no files. */
function withoutFile(thrown: unknown, uri: string): TriviumError {
  const { code, message, remedy, expected, found } = TriviumError.from(thrown);
  if (code === 'outside-root') {
    return new TriviumError(code, `${uri} is outside the folder this server may read.`, {
      field: 'uri',
      found: uri,
      remedy: 'Give a path from the root on.',
    });
  }
  return new TriviumError(code, message, { field: 'uri', remedy, expected, found });
}

function checkRange(uri: string, { start, end }: { start: number; end: number }, text: string): void {
  const splits = (at: number) => /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
  if (start <= end && end <= text.length && !splits(start) && !splits(end)) return;
  const why = start <= end && end <= text.length ? 'cuts a character in two' : 'is no part of the document';
  throw new TriviumError('invalid-argument', `The part from ${start} to ${end} ${why}.`, {
    field: 'uri',
    found: uri,
    expected: `0 <= start <= end <= ${text.length}`,
    remedy: 'Take start and end from a citation.',
  });
}

function checkSize(
  uri: string,
  path: string,
  { start, end }: { start: number; end: number },
  readCharacters: number,
): void {
  if (end - start <= readCharacters) return;
  throw new TriviumError('too-large', `${uri} has more characters than are read at once.`, {
    field: 'uri',
    found: `${end - start} characters`,
    expected: `at most ${readCharacters} characters`,
    remedy: `Read it in parts: ${documentUri({ path, start, end: start + readCharacters })}.`,
  });
}
