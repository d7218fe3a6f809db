/** Where files are dropped: anywhere in the window, and for the keyboard a button that chooses them. */
import { useEffect, useEffectEvent, useId, useState } from 'react';

export function DropZone({ onFiles }: { onFiles: (files: Iterable<File>) => unknown }) {
  const [isOver, setOver] = useState(false);
  const id = useId();
  const take = useEffectEvent((files: Iterable<File>) => void onFiles(files));
  useEffect(() => {
    const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      // Without this the browser would open the file in place of the page.
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      take(event.dataTransfer?.files ?? []);
    };
    const listeners = new AbortController();
    const { signal } = listeners;
    window.addEventListener('dragover', over, { signal });
    window.addEventListener('dragleave', leave, { signal });
    window.addEventListener('drop', drop, { signal });
    return () => listeners.abort();
  }, []);
  return (
    <div className="drop" data-over={isOver}>
      <input
        id={id}
        type="file"
        multiple
        className="hidden"
        onChange={({ target }) => {
          // A copy: what is cleared below is the input's own list.
          void onFiles([...(target.files ?? [])]);
          // The same file again is a choice again.
          target.value = '';
        }}
      />
      <label htmlFor={id}>Choose files</label>
      <p className="muted">or drop them anywhere: text, Markdown, HTML, PDF, code</p>
    </div>
  );
}
