/** Documents that were sent, for as long as their server runs: it keeps none of them when it begins anew. */
import { type UploadsState, useUploads } from '@trivium/react';
import { useEffect, useRef } from 'react';

/** @param startedAt When the server began; `undefined` until that is known. */
export function useServerUploads(startedAt: number | undefined): UploadsState {
  const uploads = useUploads();
  const known = useRef(startedAt);
  const { abandon } = uploads;
  useEffect(() => {
    if (known.current !== undefined && known.current !== startedAt) abandon();
    known.current = startedAt;
  }, [startedAt, abandon]);
  return uploads;
}
