/** Documents of a page as a hook: dropped or chosen by a person, on the server afterwards. */
import { useMemo } from 'react';
import { createUploadsStore, type UploadsSnapshot, type UploadsStore } from '../stores/uploads-store.js';
import { useEndpoint } from './trivium-provider.js';
import { useSnapshot, useStoreOf } from './use-store.js';

export type UploadsState = UploadsSnapshot &
  Pick<UploadsStore, 'add' | 'forget' | 'folder' | 'abandon' | 'clear'>;

/**
 * Sends documents to the server, where calls name them by `path`; they go with the server, or when `clear` is called. A page
 * that sees the server begin anew says so with `abandon`; else the next document that is sent finds it out. Where the endpoint
 * becomes another server, what was sent is an error until it is added again; `clear` removes it where it lies.
 * @example
 * const { uploads, add } = useUploads();
 * <input type="file" multiple onChange={({ target }) => add(target.files ?? [])} />
 * const { ask } = useDocuments(uploads.flatMap(({ path }) => path ?? []));
 */
export function useUploads(): UploadsState {
  const endpoint = useEndpoint();
  const store = useStoreOf(() => createUploadsStore(endpoint), endpoint);
  const snapshot = useSnapshot(store);
  return useMemo(() => {
    const { add, forget, folder, abandon, clear } = store;
    return { ...snapshot, add, forget, folder, abandon, clear };
  }, [snapshot, store]);
}
