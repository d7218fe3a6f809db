/** A page in Chromium for one test: mounted, looked at, left. */
import type { ReactNode } from 'react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, inject, vi } from 'vitest';
import { TriviumProvider } from '../../src/index.js';

/** Why the tests of this folder skip, where they do; `undefined` in a browser. */
export const noBrowser =
  typeof navigator === 'undefined' || !/Chrome/.test(navigator.userAgent)
    ? ' (skipped: no Chromium here; scripts/setup-browser.sh installs it)'
    : '';

const leaving: (() => void)[] = [];
afterEach(() => {
  for (const leave of leaving.splice(0)) leave();
});

export function mount(children: ReactNode) {
  const container = document.createElement('main');
  document.body.append(container);
  const root = createRoot(container);
  root.render(
    <StrictMode>
      <TriviumProvider endpoint={{ baseUrl: inject('wireUrl') }}>{children}</TriviumProvider>
    </StrictMode>,
  );
  /** All that each part has shown, long texts aside, so that nothing has to be caught in the act. */
  const history = new Map<string, Set<string>>();
  const record = (id: string, text: string) => {
    if (text.length > 100) return;
    history.set(id, (history.get(id) ?? new Set()).add(text));
  };
  const observer = new MutationObserver(() => {
    for (const part of container.querySelectorAll<HTMLElement>('[data-testid]'))
      record(part.dataset.testid ?? '', part.textContent ?? '');
  });
  observer.observe(container, { childList: true, characterData: true, subtree: true });
  let isThere = true;
  const unmount = () => {
    if (!isThere) return;
    isThere = false;
    observer.disconnect();
    root.unmount();
    container.remove();
  };
  leaving.push(unmount);
  const find = (id: string) => container.querySelector(`[data-testid="${id}"]`);
  return {
    unmount,
    container,
    textOf: (id: string) => find(id)?.textContent ?? '',
    press: async (label: string) => {
      const button = await vi.waitFor(() => {
        const found = [...container.querySelectorAll('button')].find(
          ({ textContent }) => textContent === label,
        );
        if (!found) throw new Error(`no button ${label}`);
        return found;
      }, 10_000);
      button.click();
    },
    /** Has shown, at any time. */
    saw: (id: string, wanted: RegExp) =>
      vi.waitFor(() => {
        const all = [...(history.get(id) ?? [])];
        if (!all.some((text) => wanted.test(text)))
          throw new Error(`${id} showed ${all.join(', ')}, never ${wanted}`);
      }, 20_000),
    shows: (id: string, wanted: string | RegExp) =>
      vi.waitFor(() => {
        const text = find(id)?.textContent ?? '';
        if (typeof wanted === 'string' ? text !== wanted : !wanted.test(text))
          throw new Error(`${id} shows ${JSON.stringify(text.slice(-200))}, not ${wanted}`);
        return text;
      }, 20_000),
  };
}

/** What the server was asked, and which calls were told to stop. */
export async function seen(): Promise<{ requests: string[]; aborted: string[] }> {
  return (await fetch(`${inject('wireUrl')}/seen`)).json();
}
