/**
 * The page that react-stream.mjs measures: an answer that streams, shown by `StreamingText` or, for comparison, as one
 * string in one node. Bundled by esbuild; runs in a browser.
 */
import { contracts } from '@trivium/protocol';
import { StreamingText, TriviumProvider, useCapability } from '@trivium/react';
import { createElement as h, useEffect } from 'react';
import { createRoot } from 'react-dom/client';

const isWhole = new URLSearchParams(location.search).get('view') === 'whole';
const style = { whiteSpace: 'pre-wrap' };

function Answer() {
  const { run, status, text } = useCapability(contracts.ask);
  useEffect(() => {
    void run({ paths: ['docs'], question: 'How long is it?' });
  }, [run]);
  return h(
    'main',
    { id: 'answer', 'data-status': status },
    isWhole ? h('div', { style }, String(text)) : h(StreamingText, { text, style }),
  );
}

const root = createRoot(document.body.appendChild(document.createElement('div')));
globalThis.leavePage = () => root.unmount();
root.render(h(TriviumProvider, { endpoint: { baseUrl: '' } }, h(Answer)));
