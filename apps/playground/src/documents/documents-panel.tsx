/** Documents: dropped or chosen here and sent to the server, or chosen of those that lie there already. */
import type { Upload, UploadsState } from '@trivium/react';
import { useState } from 'react';
import { bytes } from '../parts/numbers.js';
import type { ServerSnapshot } from '../server/server-store.js';
import type { OpenPlace } from '../source/use-source.js';
import { langOf } from '../text/lang-of.js';
import { DropZone } from './drop-zone.js';
import { FolderDocuments } from './folder-documents.js';
import type { Selection } from './use-selection.js';

interface DocumentsPanelProps {
  selection: Selection;
  uploads: UploadsState;
  server: ServerSnapshot;
  onOpen: OpenPlace;
}

export function DocumentsPanel({ selection, uploads, server, onOpen }: DocumentsPanelProps) {
  const [isOpen, setOpen] = useState(true);
  const [wasBusy, setWasBusy] = useState(false);
  if (server.isBusy !== wasBusy) {
    setWasBusy(server.isBusy);
    // Where all stands below each other, what a call writes is what is wanted to be seen.
    if (server.isBusy) setOpen(false);
  }
  const { length } = selection.paths;
  return (
    <aside className="documents" aria-label="Documents">
      <div className="documents-head">
        <h2>Documents</h2>
        <p className="muted" role="status">
          {length === 0 ? 'none chosen' : `${length} chosen`}
        </p>
        <button
          type="button"
          className="quiet fold"
          aria-expanded={isOpen}
          aria-controls="documents-body"
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? 'Hide' : 'Show'}
        </button>
      </div>
      <div id="documents-body" className="documents-body" data-open={isOpen}>
        {server.canWrite && <DropZone onFiles={uploads.add} />}
        {uploads.uploads.length > 0 && (
          <ul className="files" aria-label="Sent from here">
            {uploads.uploads.map((upload) => (
              <UploadRow
                key={upload.name}
                upload={upload}
                selection={selection}
                onForget={uploads.forget}
                onOpen={onOpen}
              />
            ))}
          </ul>
        )}
        {server.status === 'ready' && <FolderDocuments selection={selection} onOpen={onOpen} />}
      </div>
    </aside>
  );
}

interface UploadRowProps {
  upload: Upload;
  selection: Selection;
  onForget: (name: string) => void;
  onOpen: OpenPlace;
}

function UploadRow({ upload, selection, onForget, onOpen }: UploadRowProps) {
  const { name, path, status, error } = upload;
  return (
    <li data-status={status}>
      <div className="file">
        <input
          type="checkbox"
          aria-label={`Use ${name}`}
          disabled={path === undefined}
          checked={path !== undefined && selection.has(path)}
          onChange={() => path !== undefined && selection.toggle(path)}
        />
        {path === undefined ? (
          <span className="name" lang={langOf(name)}>
            {name}
          </span>
        ) : (
          <button type="button" className="name" lang={langOf(name)} onClick={() => onOpen({ path })}>
            {name}
          </button>
        )}
        <small className="muted">{status === 'sending' ? 'sending …' : bytes(upload.bytes)}</small>
        <button type="button" className="quiet" aria-label={`Remove ${name}`} onClick={() => onForget(name)}>
          ×
        </button>
      </div>
      {error && (
        <p className="fault" role="alert">
          {error.message} {error.remedy}
        </p>
      )}
    </li>
  );
}
