/** Tabs as the ARIA practices have them: one stop for Tab, arrows between them. Panels stay, so that calls go on unseen. */
import { type KeyboardEvent, type ReactNode, useRef } from 'react';

const tabs = [
  ['write', 'Write'],
  ['ask', 'Ask'],
  ['chat', 'Chat'],
] as const;
export type TabName = (typeof tabs)[number][0];

export function Tabs({ tab, onTab }: { tab: TabName; onTab: (tab: TabName) => void }) {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex(([name]) => name === tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const [name] = tabs.at(to % tabs.length) ?? tabs[0];
    onTab(name);
    list.current?.querySelector<HTMLElement>(`#tab-${name}`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label="What to do" ref={list} onKeyDown={onKeyDown}>
      {tabs.map(([name, label]) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={name === tab}
          aria-controls={`panel-${name}`}
          tabIndex={name === tab ? 0 : -1}
          onClick={() => onTab(name)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

export function TabPanel({ name, tab, children }: { name: TabName; tab: TabName; children: ReactNode }) {
  return (
    <section
      className="panel"
      role="tabpanel"
      id={`panel-${name}`}
      aria-labelledby={`tab-${name}`}
      hidden={name !== tab}
    >
      {children}
    </section>
  );
}
