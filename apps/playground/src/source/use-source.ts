/** Which place of which document is looked at, and its text around that place. */
import { contracts, type OutputOf, type TriviumError } from '@trivium/protocol';
import { useCapability } from '@trivium/react';
import { useCallback, useMemo, useRef, useState } from 'react';

/** A document, or a place in it: offsets as citations have them. */
export interface Place {
  path: string;
  start?: number;
  end?: number;
  line?: number | undefined;
  page?: number | undefined;
}
export type OpenPlace = (place: Place) => void;

/** Characters on either side of the place: more than a screen, less than what a browser takes long to lay out. */
const around = 20_000;

export interface Source {
  readonly place: Place | undefined;
  readonly text: OutputOf<typeof contracts.documentsText> | undefined;
  readonly error: TriviumError | undefined;
  readonly open: OpenPlace;
  /** Closes it, and gives the focus back to what opened it. */
  readonly close: () => void;
}

export function useSource(): Source {
  const { run, data, error } = useCapability(contracts.documentsText);
  const [place, setPlace] = useState<Place>();
  const opener = useRef<HTMLElement>(null);
  const open = useCallback<OpenPlace>(
    (wanted) => {
      const { activeElement } = document;
      // A place opened from within the view keeps what opened the view.
      if (activeElement instanceof HTMLElement && !activeElement.closest('.source'))
        opener.current = activeElement;
      setPlace(wanted);
      const { path, start = 0, end = start } = wanted;
      void run({ path, start: Math.max(0, start - around), end: end + around });
    },
    [run],
  );
  const close = useCallback(() => {
    setPlace(undefined);
    opener.current?.focus();
  }, []);
  return useMemo(
    () => ({ place, text: data?.path === place?.path ? data : undefined, error, open, close }),
    [place, data, error, open, close],
  );
}
