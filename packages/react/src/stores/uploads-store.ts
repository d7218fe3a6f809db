/**
 * Documents of a page on the server: each is sent into one scratch folder, made with the first, and known by its path from
 * then on. Actions never throw: what goes wrong is the upload's `error`. Refuses to know React and what documents are for.
 */
import {
  createScratchFolder,
  type Endpoint,
  putScratchFile,
  removeScratchFolder,
  type ScratchFolder,
  TriviumError,
} from '@trivium/protocol';
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
  /** Forgets all, and removes the folder. */
  readonly clear: () => Promise<void>;
  /** Somebody looks; uploads go on when nobody does. */
  readonly attach: () => () => void;
}

/**
 * @example
 * const uploads = createUploadsStore({ baseUrl: 'http://127.0.0.1:7474' });
 * const paths = await uploads.add(input.files);
 */
export function createUploadsStore(endpoint: Endpoint): UploadsStore {
  const uploads = new Map<string, Upload>();
  const sending = new Map<string, AbortController>();
  let made: Promise<ScratchFolder> | undefined;
  const publisher = createPublisher<UploadsSnapshot>(() =>
    Object.freeze({ uploads: Object.freeze([...uploads.values()]) }),
  );
  const set = (upload: Upload) => {
    uploads.set(upload.name, Object.freeze(upload));
    publisher.publish();
  };
  const folder = () => {
    made ??= createScratchFolder(endpoint);
    const making = made;
    making.catch(() => {
      if (made === making) made = undefined;
    });
    return making;
  };
  const abandon = () => {
    made = undefined;
    for (const { name, bytes, status } of uploads.values()) {
      if (status !== 'ready') continue;
      const error = new TriviumError('not-found', `The server has ${name} no more.`, {
        remedy: 'Add it again.',
      });
      uploads.set(name, Object.freeze({ name, bytes, status: 'error', path: undefined, error }));
    }
    publisher.publish();
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

  async function put(file: UploadSource, signal: AbortSignal): Promise<string> {
    const known = folder();
    try {
      return (await putScratchFile(endpoint, (await known).id, file.name, file, { signal })).path;
    } catch (thrown) {
      const isGone = TriviumError.isInstance(thrown) && thrown.code === 'not-found';
      if (!isGone || (await known.catch(() => undefined)) === undefined) throw thrown;
      // Of documents that are sent at once, the first that finds it gone tells of all that lay there.
      if (made === known) abandon();
      return (await putScratchFile(endpoint, (await folder()).id, file.name, file, { signal })).path;
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
    folder,
    abandon,
    clear: async () => {
      for (const controller of sending.values()) controller.abort();
      sending.clear();
      uploads.clear();
      publisher.publish();
      const before = made;
      made = undefined;
      const known = await before?.catch(() => undefined);
      // A folder that is gone already is as it should be.
      if (known) await removeScratchFolder(endpoint, known.id).catch(() => {});
    },
    attach: () => () => {},
  });
}
