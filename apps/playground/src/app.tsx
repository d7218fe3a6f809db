/** The page: which server it talks to and with which key, and above all its panels. Knows nothing of what they do. */
import { TriviumProvider, useEndpoint } from '@trivium/react';
import { useMemo, useState } from 'react';
import { AskPanel } from './ask/ask-panel.js';
import { ChatPanel } from './chat/chat-panel.js';
import { DocumentsPanel } from './documents/documents-panel.js';
import { useSelection } from './documents/use-selection.js';
import { useServerUploads } from './documents/use-server-uploads.js';
import { MeterBar } from './parts/meter-bar.js';
import { type TabName, TabPanel, Tabs } from './parts/tabs.js';
import { baseUrl, useApiKey } from './server/endpoint.js';
import { ServerNotice } from './server/server-notice.js';
import { createServerStore } from './server/server-store.js';
import { useServer } from './server/use-server.js';
import { SourceView } from './source/source-view.js';
import { useSource } from './source/use-source.js';
import { WritePanel } from './write/write-panel.js';

export function App() {
  const [key, setKey] = useApiKey();
  const endpoint = useMemo(
    () => ({ baseUrl, headers: key === '' ? undefined : { authorization: `Bearer ${key}` } }),
    [key],
  );
  return (
    <TriviumProvider
      endpoint={endpoint.headers ? { ...endpoint, headers: endpoint.headers } : { baseUrl: endpoint.baseUrl }}
    >
      <Playground onKey={setKey} />
    </TriviumProvider>
  );
}

function Playground({ onKey }: { onKey: (key: string) => void }) {
  const endpoint = useEndpoint();
  const [store] = useState(() => createServerStore(endpoint));
  const server = useServer(store);
  const uploads = useServerUploads(server.figures?.startedAt);
  const selection = useSelection(uploads.uploads);
  const source = useSource();
  const [tab, setTab] = useState<TabName>('write');
  const [model, setModel] = useState('');
  const shared = { paths: selection.paths, meter: store.meter, onOpen: source.open };
  const named = model.trim();
  // What writes must have a model; the server's first is what its own calls would take.
  const first = server.models[0] ?? 'nano';
  return (
    <div className="page" data-source={source.place ? 'open' : 'closed'}>
      <a className="skip" href="#work">
        Skip to the work
      </a>
      <header className="top">
        <h1>
          <span className="brand">Trivium</span> <span className="muted">playground</span>
        </h1>
        <label className="model">
          <span>Model</span>
          <input
            list="models"
            value={model}
            placeholder={first}
            spellCheck={false}
            autoComplete="off"
            onChange={({ target }) => setModel(target.value)}
          />
          <datalist id="models">
            {server.models.map((id) => (
              <option key={id} value={id} />
            ))}
          </datalist>
        </label>
      </header>
      <DocumentsPanel selection={selection} uploads={uploads} server={server} onOpen={source.open} />
      <main id="work" className="work" tabIndex={-1}>
        <ServerNotice server={server} onKey={onKey} onRetry={store.look} />
        <Tabs tab={tab} onTab={setTab} />
        <TabPanel name="write" tab={tab}>
          <WritePanel {...shared} model={named || first} folder={uploads.folder} canWrite={server.canWrite} />
        </TabPanel>
        <TabPanel name="ask" tab={tab}>
          <AskPanel {...shared} model={named || first} />
        </TabPanel>
        <TabPanel name="chat" tab={tab}>
          <ChatPanel {...shared} model={named} />
        </TabPanel>
      </main>
      <SourceView source={source} />
      <MeterBar server={server} />
    </div>
  );
}
