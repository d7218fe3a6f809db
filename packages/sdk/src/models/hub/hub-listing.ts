/**
 * What a repository holds at a revision, as the hub says: the commit and each file's size and checksum. Routes and pages
 * are those of `@huggingface/hub`; requests go through our connection, so that token, proxies and errors are ours.
 */
import { TriviumError } from '@trivium/protocol';
import { brokenConnection, type HubConnection } from './hub-connection.js';
import { type HubFile, type HubListing, hubFile } from './hub-listing-schema.js';
import { staysInside } from './hub-reference.js';
import { Backoff, type RetrySettings, Transient } from './retry.js';

const mostAnswerBytes = 64 << 20;
const mostFiles = 100_000;

export interface ListingOptions {
  retry: RetrySettings;
  signal?: AbortSignal | undefined;
}

/** @throws TriviumError `not-found`, `forbidden`, `network` */
export async function fetchListing(
  connection: HubConnection,
  repo: string,
  revision: string,
  options: ListingOptions,
): Promise<HubListing> {
  const { listFiles, modelInfo } = await import('@huggingface/hub');
  const subject = `${repo} at ${revision}`;
  const request = { hubUrl: connection.endpoint, fetch: apiFetch(connection, subject, options) };
  const info = await modelInfo({ name: repo, revision, additionalFields: ['sha'], ...request });
  const files: HubFile[] = [];
  const commit = info.sha;
  if (!/^[0-9a-f]{40}$/.test(commit)) throw strange(subject, 'sha', commit);
  for await (const entry of listFiles({ repo, revision: commit, recursive: true, ...request })) {
    // Names that could lead out of a folder, or that some system cannot hold, are never offered.
    if (entry.type !== 'file' || !staysInside(entry.path)) continue;
    const parsed = hubFile.safeParse({
      path: entry.path,
      bytes: entry.lfs?.size ?? entry.size,
      ...(entry.lfs ? { sha256: entry.lfs.oid } : { gitSha1: entry.oid }),
    });
    if (!parsed.success || !(parsed.data.sha256 ?? parsed.data.gitSha1))
      throw strange(subject, entry.path, JSON.stringify(entry));
    files.push(parsed.data);
    if (files.length > mostFiles) throw strange(subject, 'tree', `more than ${mostFiles} files`);
  }
  return { repo, commit, files };
}

function strange(subject: string, field: string, found: unknown): TriviumError {
  return new TriviumError('network', `The hub describes ${subject} in a way that cannot be used.`, {
    field,
    found: String(found).slice(0, 200),
    remedy: 'Check HF_ENDPOINT; if it is right, try again later.',
  });
}

/** A `fetch` for `@huggingface/hub`: whole JSON answers from the endpoint itself, tried again when they may succeed. */
function apiFetch(
  connection: HubConnection,
  subject: string,
  { retry, signal }: ListingOptions,
): typeof fetch {
  return async (input) => {
    const address = String(input);
    if (new URL(address).origin !== new URL(connection.endpoint).origin)
      throw strange(subject, 'link', address);
    const backoff = new Backoff(retry);
    for (;;) {
      try {
        return await wholeAnswer(connection, address, subject, signal);
      } catch (error) {
        if (!(error instanceof Transient)) throw error;
        await backoff.wait(error, signal);
      }
    }
  };
}

async function wholeAnswer(
  connection: HubConnection,
  address: string,
  subject: string,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const { response } = await connection.get(address, {
    headers: { accept: 'application/json' },
    signal,
    subject,
  });
  const type = response.headers.get('content-type') ?? '';
  if (!/json/.test(type)) {
    await response.body?.cancel().catch(() => {});
    throw webPage(subject, type);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > mostAnswerBytes) throw strange(subject, 'body', `more than ${mostAnswerBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw TriviumError.isInstance(error) ? error : brokenConnection(address, subject, error);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    JSON.parse(text);
  } catch (error) {
    throw brokenConnection(address, subject, error, 'an answer that is no JSON');
  }
  const link = response.headers.get('link');
  return new Response(text, { headers: { 'content-type': 'application/json', ...(link && { link }) } });
}

/** Something on the way answered in the hub's place. */
export function webPage(subject: string, contentType: string): TriviumError {
  return new TriviumError('network', `A web page came instead of ${subject}.`, {
    field: 'content-type',
    found: contentType || 'none',
    remedy:
      'A login page or proxy on the way may be answering; check the network, HTTPS_PROXY and HF_ENDPOINT.',
  });
}
