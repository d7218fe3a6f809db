/**
 * One file from the hub onto the disk: resumed, verified, renamed. The final name appears only over bytes whose size and
 * checksum are what the hub says. Knows no cache and no references.
 */
import { TriviumError } from '@trivium/protocol';
import type { Response } from 'undici';
import { FileHasher } from './file-hasher.js';
import type { FileLayer } from './file-layer.js';
import { brokenConnection, type HubAnswer, type HubConnection } from './hub-connection.js';
import { webPage } from './hub-listing.js';
import type { HubFile } from './hub-listing-schema.js';
import { PartialFile } from './partial-file.js';
import { Backoff, type RetrySettings, Transient } from './retry.js';

export interface Download {
  repo: string;
  commit: string;
  file: HubFile;
  /** Where it shall lie. */
  target: string;
  /** Where partial files lie: on the same file system as `target`. */
  partialFolder: string;
  connection: HubConnection;
  files: FileLayer;
  retry: RetrySettings;
  signal?: AbortSignal | undefined;
  /** Bytes that are here so far, those of earlier calls included. */
  onBytes?: ((bytes: number) => void) | undefined;
}

export interface Downloaded {
  sha256: string;
  /** What came over the network; repeated bytes count again. */
  downloadedBytes: number;
}

/** Whole files that arrive and do not fit their checksum before that is said to be the server's state of things. */
const mostMismatches = 3;

export const checksumOf = ({ sha256, gitSha1 }: HubFile) => sha256 ?? gitSha1!;

/**
 * @throws TriviumError `network`, `forbidden`, `not-found`, `corrupt`, `io`; the abort reason
 */
export async function downloadFile(download: Download): Promise<Downloaded> {
  const { file, target, partialFolder, files, retry, signal, onBytes } = download;
  const partial = await PartialFile.claim(partialFolder, checksumOf(file), files);
  const backoff = new Backoff(retry);
  let mismatches = 0;
  let downloadedBytes = 0;
  const received = (bytes: number) => {
    downloadedBytes += bytes;
    onBytes?.(partial.bytes);
  };
  try {
    if (partial.bytes > file.bytes) await partial.restart();
    let hasher = new FileHasher(file);
    await hasher.updateFrom(partial.handle, partial.bytes, signal);
    onBytes?.(partial.bytes);
    for (;;) {
      const before = partial.bytes;
      try {
        const restart = () => {
          hasher = new FileHasher(file);
          return partial.restart();
        };
        if (partial.bytes < file.bytes)
          await fetchRest(download, partial, restart, (bytes) => hasher.update(bytes), received);
        const { sha256, found, expected, matches } = hasher.digest();
        if (matches) {
          await partial.commit(target);
          return { sha256, downloadedBytes };
        }
        throw new Transient(mismatch(download, found, expected), 'corrupt');
      } catch (error) {
        if (!(error instanceof Transient)) throw error;
        if (error.kind === 'corrupt') {
          mismatches += 1;
          // What is here cannot be trusted: the next try begins anew.
          hasher = new FileHasher(file);
          await partial.restart();
        } else if (partial.bytes > before) {
          backoff.reset();
        }
        if (mismatches >= mostMismatches) throw error.failure;
        await backoff.wait(error, signal);
      }
    }
  } catch (error) {
    await partial.release();
    throw asFileError(error, download, partial.bytes);
  }
}

async function fetchRest(
  { repo, commit, file, connection, signal }: Download,
  partial: PartialFile,
  restart: () => Promise<void>,
  hash: (bytes: Uint8Array) => void,
  received: (bytes: number) => void,
): Promise<void> {
  const subject = `${repo}/${file.path}`;
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  const from = partial.bytes;
  const answer = await connection.get(`${connection.endpoint}/${repo}/resolve/${commit}/${path}`, {
    // With a range undici asks for the plain bytes by itself.
    headers: from > 0 ? { range: `bytes=${from}-` } : { 'accept-encoding': 'identity' },
    signal,
    subject,
  });
  const { response } = answer;
  try {
    checkAnswer(answer, file, from, subject);
    // The server begins anew: so do we.
    if (from > 0 && response.status === 200) await restart();
    for await (const chunk of bodyOf(response, subject, signal)) {
      if (partial.bytes + chunk.length > file.bytes) throw tooMuch(file, subject);
      await partial.append(chunk);
      hash(chunk);
      received(chunk.length);
    }
  } finally {
    await response.body?.cancel().catch(() => {});
  }
  if (partial.bytes < file.bytes) {
    throw brokenConnection(
      connection.endpoint,
      subject,
      undefined,
      `the answer ended after ${partial.bytes} of ${file.bytes} bytes`,
    );
  }
}

/** The chunks of a body; where the connection is cut, the failure may pass. Whoever leaves early ends the connection. */
async function* bodyOf(response: Response, subject: string, signal: AbortSignal | undefined) {
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const step = await reader?.read().catch((error: unknown) => {
        signal?.throwIfAborted();
        throw brokenConnection(response.url, subject, error);
      });
      if (!step || step.done) return;
      yield step.value as Uint8Array;
    }
  } finally {
    await reader?.cancel().catch(() => {});
  }
}

/** What can be seen before the first byte: another file, another size, another place in the file, a web page. */
function checkAnswer(
  { response, hubHeaders }: HubAnswer,
  file: HubFile,
  from: number,
  subject: string,
): void {
  const { status, headers } = response;
  const type = headers.get('content-type') ?? '';
  if (/text\/html/i.test(type) && !/\.html?$/i.test(file.path)) throw webPage(subject, type);
  const tag = (hubHeaders.get('x-linked-etag') ?? hubHeaders.get('etag') ?? '').replace(/^W\/|"/g, '');
  const isChecksum = /^[0-9a-f]{40}$|^[0-9a-f]{64}$/.test(tag);
  if (isChecksum && tag.length === checksumOf(file).length && tag !== checksumOf(file))
    throw wrong(subject, 'etag', checksumOf(file), tag);
  const encoded = !/^(|identity)$/i.test(headers.get('content-encoding') ?? '');
  const length = headers.get('content-length');
  if (status === 206) {
    const range = headers.get('content-range') ?? '';
    const [, start, , total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range) ?? [];
    const fits = Number(start) === from && (total === '*' || Number(total) === file.bytes) && !encoded;
    if (!fits) throw wrong(subject, 'content-range', `bytes ${from}-${file.bytes - 1}/${file.bytes}`, range);
  }
  const expected = status === 206 ? file.bytes - from : file.bytes;
  if (length !== null && !encoded && Number(length) !== expected)
    throw wrong(subject, 'content-length', `${expected} bytes`, `${length} bytes`);
}

function wrong(subject: string, field: string, expected: string, found: string): Transient {
  const failure = new TriviumError('corrupt', `What the server sends is not ${subject}.`, {
    field,
    expected,
    found,
    remedy:
      'Try again; if it persists, a proxy or mirror on the way holds another file (HF_ENDPOINT, HTTPS_PROXY).',
  });
  return new Transient(failure, 'corrupt');
}

const tooMuch = (file: HubFile, subject: string) =>
  wrong(subject, 'body', `${file.bytes} bytes`, `more than ${file.bytes} bytes`);

function mismatch({ repo, file }: Download, found: string, expected: string | undefined): TriviumError {
  return new TriviumError('corrupt', `${repo}/${file.path} arrived damaged: its checksum is another one.`, {
    file: file.path,
    field: file.sha256 === undefined ? 'git sha1' : 'sha256',
    expected,
    found,
    remedy:
      'Try again; if it persists, a proxy or mirror on the way changes files (HF_ENDPOINT, HTTPS_PROXY).',
  });
}

/** Node's file errors with what they mean here. */
function asFileError(error: unknown, { file, target, signal }: Download, bytes: number): unknown {
  if (signal?.aborted || TriviumError.isInstance(error)) return error;
  if (error instanceof Transient) return error.failure;
  const { code } = error as { code?: string };
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return TriviumError.from(error);
  return diskFull(target, file.bytes - bytes, undefined, error);
}

/** @param freeBytes where known */
export function diskFull(
  path: string,
  missingBytes: number,
  freeBytes?: number,
  cause?: unknown,
): TriviumError {
  return new TriviumError('io', 'The disk is full.', {
    file: path,
    expected: `${missingBytes} more bytes`,
    found: freeBytes === undefined ? undefined : `${freeBytes} bytes free`,
    remedy:
      'Free some space, remove models (trivium models list, trivium models remove) or set TRIVIUM_CACHE_DIR, and try again; what has been fetched is kept.',
    cause,
  });
}
