/**
 * Documents of a page on the server: each is sent into one scratch folder, made with the first, and known by its path from
 * then on. Where the endpoint becomes another server, that one gets a folder of its own. Actions never throw: what goes wrong
 * is the upload's `error`. Refuses to know React and what documents are for.
 */
import {
  createScratchFolder,
  type Endpoint,
  putScratchFile,
  removeScratchFolder,
  type ScratchFolder,
  TriviumError,
} from '@trivium/protocol';
import { createAttachment } from './attachment.js';
import { heldEndpoint, onServer } from './endpoint-handle.js';
import { createPublisher, type Store } from './store.js';

interface UploadFacts {
  /** The name of its file; two of one name are one document, the later one. */
  readonly name: string;
  readonly bytes: number;
}

export type Upload = UploadFacts &
  (
    | { readonly status: 'sending'; readonly path: undefined; readonly error: undefined }
    | { readonly status: 'ready'; readonly path: string; readonly error: undefined }
    | { readonly status: 'error'; readonly path: undefined; readonly error: TriviumError }
  );

export interface UploadsSnapshot {
  readonly uploads: readonly Upload[];
}

/** What is sent: a `File` of a page, or anything with a name and bytes. */
export type UploadSource = Blob & { readonly name: string };

export interface UploadsStore extends Store<UploadsSnapshot> {
  /** Sends documents. Answers the paths of those that arrived. */
  readonly add: (files: Iterable<UploadSource>) => Promise<string[]>;
  /** Takes a document off the list, while it is sent too; on the server it goes with its folder. */
  readonly forget: (name: string) => void;
  /** The scratch folder, made where there is none yet: a place for checkpoints too. @throws TriviumError */
  readonly folder: () => Promise<ScratchFolder>;
  /** The server began anew, and its folders are gone: what was sent is an error until it is added again. */
  readonly abandon: () => void;
  /** Forgets all, and removes each folder from the server that it is on. */
  readonly clear: () => Promise<void>;
  /** Somebody looks, and is told at once where the endpoint becomes another server; uploads go on when nobody does. */
  readonly attach: () => () => void;
}

/** A scratch folder and the server that it is on, whatever the endpoint becomes. */
interface Place {
  readonly server: Endpoint;
  readonly folder: Promise<ScratchFolder>;
}

/**
 * @example
 * const uploads = createUploadsStore({ baseUrl: 'http://127.0.0.1:7474' });
 * const paths = await uploads.add(input.files);
 */
export function createUploadsStore(endpoint: Endpoint): UploadsStore {
  const uploads = new Map<string, Upload>();
  const sending = new Map<string, AbortController>();
  /** Where documents are sent. */
  let current: Place | undefined;
  /** That one and those on servers of before, where calls and jobs may still read what was sent. */
  const places = new Set<Place>();
  let stopListening = () => {};
  const publisher = createPublisher<UploadsSnapshot>(() =>
    Object.freeze({ uploads: Object.freeze([...uploads.values()]) }),
  );
  const set = (upload: Upload) => {
    uploads.set(upload.name, Object.freeze(upload));
    publisher.publish();
  };
  const forgetPlace = (place: Place) => {
    places.delete(place);
    if (current === place) current = undefined;
  };

  /** What was sent is an error until it is added again. */
  const leave = (why: (name: string) => string) => {
    current = undefined;
    for (const { name, bytes, status } of uploads.values()) {
      if (status !== 'ready') continue;
      const error = new TriviumError('not-found', why(name), { remedy: 'Add it again.' });
      uploads.set(name, Object.freeze({ name, bytes, status: 'error', path: undefined, error }));
    }
    publisher.publish();
  };
  const leaveOtherServer = () => {
    if (current && current.server.baseUrl !== endpoint.baseUrl)
      leave((name) => `${name} is on another server.`);
  };
  const abandon = () => {
    leaveOtherServer();
    if (current) places.delete(current);
    leave((name) => `The server has ${name} no more.`);
  };

  const placeOfNow = (): Place => {
    leaveOtherServer();
    if (current) return current;
    const server = heldEndpoint(endpoint);
    const place = { server, folder: createScratchFolder(server) };
    place.folder.catch(() => forgetPlace(place));
    current = place;
    places.add(place);
    return place;
  };

  async function send(file: UploadSource, controller: AbortController): Promise<string | undefined> {
    const { name, size: bytes } = file;
    const isCurrent = () => sending.get(name) === controller;
    try {
      const path = await put(file, controller.signal);
      if (!isCurrent()) return undefined;
      set({ name, bytes, status: 'ready', path, error: undefined });
      return path;
    } catch (thrown) {
      if (isCurrent())
        set({ name, bytes, status: 'error', path: undefined, error: TriviumError.from(thrown) });
      return undefined;
    } finally {
      if (isCurrent()) sending.delete(name);
    }
  }

  /** Sends it again where its folder is gone, once on a server, or was left for another server meanwhile, however often. */
  async function put(file: UploadSource, signal: AbortSignal): Promise<string> {
    const goneOn = new Set<string>();
    for (;;) {
      const place = placeOfNow();
      const { baseUrl } = place.server;
      try {
        const path = await putInto(place, file, signal);
        if (current === place && baseUrl === endpoint.baseUrl) return path;
      } catch (thrown) {
        const isGone = isNotFound(thrown) && (await isMade(place));
        const isForNothing = !isGone || goneOn.has(baseUrl);
        if (isForNothing && baseUrl === endpoint.baseUrl) throw thrown;
        if (isGone) goneOn.add(baseUrl);
        // Of documents that are sent at once, the first that finds it gone tells of all that lay there.
        if (isGone && current === place) abandon();
      }
      signal.throwIfAborted();
    }
  }

  return Object.freeze({
    subscribe: publisher.subscribe,
    getSnapshot: publisher.getSnapshot,
    getServerSnapshot: publisher.getServerSnapshot,
    add: async (files: Iterable<UploadSource>) => {
      const paths = [...files].map((file) => {
        const controller = new AbortController();
        sending.get(file.name)?.abort();
        sending.set(file.name, controller);
        set({ name: file.name, bytes: file.size, status: 'sending', path: undefined, error: undefined });
        return send(file, controller);
      });
      return (await Promise.all(paths)).filter((path) => path !== undefined);
    },
    forget: (name: string) => {
      sending.get(name)?.abort();
      sending.delete(name);
      if (uploads.delete(name)) publisher.publish();
    },
    folder: () => placeOfNow().folder,
    abandon,
    clear: async () => {
      for (const controller of sending.values()) controller.abort();
      sending.clear();
      uploads.clear();
      publisher.publish();
      const before = [...places];
      current = undefined;
      places.clear();
      await Promise.all(before.map(removePlace));
    },
    attach: createAttachment(
      () => {
        leaveOtherServer();
        stopListening = onServer(endpoint, leaveOtherServer);
      },
      () => stopListening(),
    ).attach,
  });
}

const putInto = async ({ server, folder }: Place, file: UploadSource, signal: AbortSignal): Promise<string> =>
  (await putScratchFile(server, (await folder).id, file.name, file, { signal })).path;

const isNotFound = (thrown: unknown) => TriviumError.isInstance(thrown) && thrown.code === 'not-found';

const isMade = ({ folder }: Place): Promise<boolean> =>
  folder.then(
    () => true,
    () => false,
  );

async function removePlace({ server, folder }: Place): Promise<void> {
  const known = await folder.catch(() => undefined);
  // A folder that is gone already is as it should be.
  if (known) await removeScratchFolder(server, known.id).catch(() => {});
}
