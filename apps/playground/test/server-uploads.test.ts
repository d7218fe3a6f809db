// @vitest-environment happy-dom
/** What was sent goes with its server, which the page sees by when that began. */
import { TriviumProvider, type UploadsState } from '@trivium/react';
import { act, createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';
import { useServerUploads } from '../src/documents/use-server-uploads.js';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const answer = async (_: unknown, { method }: RequestInit = {}) =>
  Response.json(method === 'POST' ? { id: 'f0', path: 'scratch/f0' } : { path: 'scratch/f0/a.md', bytes: 1 });
const endpoint = { baseUrl: '', fetch: answer as typeof fetch };

it('what was sent is to be added again once the server began anew', async () => {
  let uploads: UploadsState | undefined;
  function Documents({ startedAt }: { startedAt: number | undefined }) {
    uploads = useServerUploads(startedAt);
    return null;
  }
  const root = createRoot(document.createElement('div'));
  const at = (startedAt?: number) =>
    act(() =>
      root.render(createElement(TriviumProvider, { endpoint }, createElement(Documents, { startedAt }))),
    );
  at();
  await act(() => uploads?.add([Object.assign(new Blob(['a']), { name: 'a.md' })]));
  at(1);
  at(1);
  expect(uploads?.uploads).toMatchObject([{ name: 'a.md', status: 'ready' }]);
  at(2);
  expect(uploads?.uploads).toMatchObject([{ name: 'a.md', status: 'error', error: { code: 'not-found' } }]);
  act(() => root.unmount());
});
