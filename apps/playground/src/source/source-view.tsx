/**
 * A document around one place, the place marked. Beside the work on a wide screen; on a narrow one a dialog above it, which
 * holds the focus. Escape closes either.
 */
import { type KeyboardEvent, type SyntheticEvent, useEffect, useRef } from 'react';
import { ErrorNotice } from '../parts/notice.js';
import { langOf } from '../text/lang-of.js';
import { MarkedText } from './marked-text.js';
import { shownPath } from './place-of.js';
import type { Source } from './use-source.js';

/** As the style sheet has it. */
const narrow = '(max-width: 60rem)';

export function SourceView({ source: { place, text, error, close } }: { source: Source }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  const isOpen = place !== undefined;
  useEffect(() => {
    const element = dialog.current;
    if (!element || !isOpen) return;
    if (matchMedia(narrow).matches) element.showModal();
    else element.show();
    return () => element.close();
  }, [isOpen]);
  useEffect(() => {
    if (place) title.current?.focus({ preventScroll: true });
  }, [place]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    close();
  };
  // A browser closes a dialog by itself, too: at the gesture that goes back, or at Escape where nothing has the focus.
  const onClose = ({ currentTarget }: SyntheticEvent<HTMLDialogElement>) => {
    if (isOpen && !currentTarget.open) close();
  };
  return (
    <dialog
      className="source"
      ref={dialog}
      aria-labelledby="source-title"
      onKeyDown={onKeyDown}
      onClose={onClose}
    >
      {place && (
        <>
          <div className="source-head">
            <h2 id="source-title" ref={title} tabIndex={-1} lang={langOf(place.path)}>
              {shownPath(place.path)}
              <span className="muted">
                {place.page ? ` page ${place.page}` : place.line ? `:${place.line}` : ''}
              </span>
            </h2>
            <button type="button" className="quiet" onClick={close}>
              Close
            </button>
          </div>
          <ErrorNotice error={error} />
          {!text && !error && <p className="muted">Reading …</p>}
          {text && <MarkedText key={text.path} text={text} start={place.start} end={place.end} />}
        </>
      )}
    </dialog>
  );
}
