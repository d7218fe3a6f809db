/** Documents that lie with the caller, put where calls can name them: a client of `/v1/scratch`. Runs anywhere. */
import * as z from 'zod';
import { TriviumError } from './errors.js';
import { type Endpoint, request } from './remote.js';

const scratchFolder = z.object({ id: z.string(), path: z.string() });
/** `path` is relative to the server's root: what calls name it by. */
export type ScratchFolder = z.output<typeof scratchFolder>;

const scratchFile = z.object({ path: z.string(), bytes: z.number() });
export type ScratchFile = z.output<typeof scratchFile>;

interface Cancellable {
  signal?: AbortSignal | undefined;
}

const parsed = async <Schema extends z.ZodType>(
  schema: Schema,
  response: Response,
): Promise<z.output<Schema>> => {
  const found = schema.safeParse(await response.json().catch(() => undefined));
  if (found.success) return found.data;
  throw new TriviumError('network', 'The server answered about scratch folders in a way that is not known.', {
    remedy: 'Check that it is a Trivium server of this version.',
  });
};

/**
 * A folder on the server; it goes when it is removed, with the server, or a day after its last file.
 * @throws TriviumError `not-found` where the server lets nothing be written
 */
export async function createScratchFolder(
  endpoint: Endpoint,
  { signal }: Cancellable = {},
): Promise<ScratchFolder> {
  const init = { method: 'POST', ...(signal && { signal }) };
  return parsed(scratchFolder, await request(endpoint, '/v1/scratch', init));
}

/**
 * @example
 * const folder = await createScratchFolder(endpoint);
 * const { path } = await putScratchFile(endpoint, folder.id, file.name, file);
 * await invoke(remote(contracts.ask, endpoint), { paths: [path], question }, { signal });
 * @throws TriviumError `too-large`, `unsupported` for what is no document, `invalid-argument` for a name that is none
 */
export async function putScratchFile(
  endpoint: Endpoint,
  folderId: string,
  name: string,
  content: Blob | Uint8Array<ArrayBuffer>,
  { signal }: Cancellable = {},
): Promise<ScratchFile> {
  const path = `/v1/scratch/${encodeURIComponent(folderId)}/${encodeURIComponent(name)}`;
  const headers = { 'content-type': 'application/octet-stream' };
  const init = { method: 'PUT', headers, body: content, ...(signal && { signal }) };
  return parsed(scratchFile, await request(endpoint, path, init));
}

/** Removes a folder with all that is in it. @throws TriviumError `not-found` */
export async function removeScratchFolder(endpoint: Endpoint, folderId: string): Promise<void> {
  await request(endpoint, `/v1/scratch/${encodeURIComponent(folderId)}`, { method: 'DELETE' });
}
