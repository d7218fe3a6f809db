/** The documents that lie in the server's folder, with a filter where there are many. */
import { contracts } from '@trivium/protocol';
import { useCapability } from '@trivium/react';
import { useEffect, useState } from 'react';
import { ErrorNotice } from '../parts/notice.js';
import { bytes } from '../parts/numbers.js';
import type { OpenPlace } from '../source/use-source.js';
import { langOf } from '../text/lang-of.js';
import type { Selection } from './use-selection.js';

/** More are found by the filter. */
const shownAtOnce = 200;

export function FolderDocuments({ selection, onOpen }: { selection: Selection; onOpen: OpenPlace }) {
  const { run, data, error } = useCapability(contracts.documentsList);
  const [filter, setFilter] = useState('');
  useEffect(() => {
    void run({ paths: ['.'], limit: 10_000 });
  }, [run]);
  const wanted = filter.trim().toLowerCase();
  const found = (data?.documents ?? []).filter(({ path }) => path.toLowerCase().includes(wanted));
  const shown = found.slice(0, shownAtOnce);
  return (
    <section aria-label="On the server" className="folder">
      <h3>On the server</h3>
      <ErrorNotice error={error} />
      {data?.documents.length === 0 && <p className="muted">Its folder holds no documents.</p>}
      {(data?.documents.length ?? 0) > 10 && (
        <label>
          <span className="hidden">Filter documents</span>
          <input
            type="search"
            placeholder={`Filter ${data?.documents.length} documents`}
            value={filter}
            onChange={({ target }) => setFilter(target.value)}
          />
        </label>
      )}
      <ul className="files">
        {shown.map(({ path, bytes: size }) => (
          <li key={path}>
            <div className="file">
              <input
                type="checkbox"
                aria-label={`Use ${path}`}
                checked={selection.has(path)}
                onChange={() => selection.toggle(path)}
              />
              <button type="button" className="name" lang={langOf(path)} onClick={() => onOpen({ path })}>
                {path}
              </button>
              <small className="muted">{bytes(size)}</small>
            </div>
          </li>
        ))}
      </ul>
      {found.length > shown.length && <p className="muted">… {found.length - shown.length} more</p>}
    </section>
  );
}
