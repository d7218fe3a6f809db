/** What stands between the page and its server: it does not answer, it wants a key, it writes nothing. */
import { type FormEvent, useState } from 'react';
import { Notice } from '../parts/notice.js';
import type { ServerSnapshot } from './server-store.js';

interface ServerNoticeProps {
  server: ServerSnapshot;
  onKey: (key: string) => void;
  onRetry: () => void;
}

export function ServerNotice({ server, onKey, onRetry }: ServerNoticeProps) {
  if (server.status === 'locked') return <KeyForm server={server} onKey={onKey} onRetry={onRetry} />;
  if (server.status === 'gone') {
    return (
      <Notice
        title="The server does not answer."
        remedy="Start it with `trivium serve`; this page finds it again by itself."
      >
        <button type="button" onClick={onRetry}>
          Look again
        </button>
      </Notice>
    );
  }
  if (server.status === 'ready' && !server.canWrite) {
    return (
      <Notice
        kind="note"
        title="This server writes nothing."
        remedy="It was started with --read-only: ask and chat work, documents cannot be sent to it and nothing is written in stages."
      />
    );
  }
  return null;
}

function KeyForm({ onKey, onRetry }: ServerNoticeProps) {
  const [key, setKey] = useState('');
  const [tried, setTried] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    onKey(key.trim());
    // With the key, which the endpoint has as soon as the page has rendered it.
    setTimeout(onRetry);
  };
  return (
    <Notice
      title={tried ? 'The server does not know this key.' : 'This server asks for a key.'}
      remedy="Enter one that it was started with: --api-key, or TRIVIUM_API_KEY."
    >
      <form className="row" onSubmit={submit}>
        <label>
          <span className="hidden">API key</span>
          <input
            type="password"
            autoComplete="off"
            placeholder="API key"
            value={key}
            onChange={({ target }) => setKey(target.value)}
          />
        </label>
        <button type="submit" disabled={key.trim() === ''}>
          Use it
        </button>
      </form>
    </Notice>
  );
}
