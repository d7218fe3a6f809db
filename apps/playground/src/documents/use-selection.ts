/** Which documents the calls of this page are about: those that were sent, unless left out, and those chosen of the server's. */
import type { Upload } from '@trivium/react';
import { useCallback, useMemo, useState } from 'react';

export interface Selection {
  /** As calls name them; the same list until the choice changes. */
  readonly paths: readonly string[];
  readonly has: (path: string) => boolean;
  readonly toggle: (path: string) => void;
}

export function useSelection(uploads: readonly Upload[]): Selection {
  // What a person has turned around: a document that was sent is chosen by that alone, one of the server's is not.
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const sent = useMemo(() => uploads.flatMap(({ path }) => path ?? []), [uploads]);
  const has = useCallback((path: string) => turned.has(path) !== sent.includes(path), [turned, sent]);
  const toggle = useCallback((path: string) => {
    setTurned((before) => {
      const after = new Set(before);
      if (!after.delete(path)) after.add(path);
      return after;
    });
  }, []);
  return useMemo(() => {
    const paths = [...new Set([...sent, ...turned])].filter(has).sort();
    return { paths, has, toggle };
  }, [sent, turned, has, toggle]);
}
