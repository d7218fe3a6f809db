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
  // A document that was sent is chosen by that alone, one of the server's is not. What is said of either is kept apart: what
  // was left out stays so when it is no longer among those sent.
  const [leftOut, setLeftOut] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const sent = useMemo(() => uploads.flatMap(({ path }) => path ?? []), [uploads]);
  const has = useCallback(
    (path: string) => (sent.includes(path) ? !leftOut.has(path) : chosen.has(path)),
    [sent, leftOut, chosen],
  );
  const toggle = useCallback(
    (path: string) => (sent.includes(path) ? setLeftOut : setChosen)((before) => turned(before, path)),
    [sent],
  );
  return useMemo(() => {
    const paths = [...new Set([...sent, ...chosen])].filter(has).sort();
    return { paths, has, toggle };
  }, [sent, chosen, has, toggle]);
}

/** The set with `path` in it where it was not, and without it where it was. */
function turned(before: ReadonlySet<string>, path: string): ReadonlySet<string> {
  const after = new Set(before);
  if (!after.delete(path)) after.add(path);
  return after;
}
