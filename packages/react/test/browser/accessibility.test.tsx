/** axe looks at every component in Chromium, in every state that it has, and finds nothing. */
import type { Citation, WriteStage } from '@trivium/protocol';
import axe from 'axe-core';
import type { ReactNode } from 'react';
import { describe, expect, it } from 'vitest';
import { useChat } from '../../src/chat/index.js';
import {
  Citations,
  CitedText,
  type SectionState,
  Sections,
  type StageState,
  Stages,
  StreamingText,
  useLongText,
} from '../../src/index.js';
import { createTextBuffer } from '../../src/stores/index.js';
import { mount, noBrowser } from './page.js';

/** What axe finds in what is shown now, by rule and place. All rules: best practices too. */
async function findings({ container }: { container: Element }): Promise<string[]> {
  const { violations, passes } = await axe.run(container, { resultTypes: ['violations', 'passes'] });
  // An empty container has neither.
  expect(passes.length).toBeGreaterThan(0);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** Shows it below a heading, as a page does, and waits until it is there. */
async function shown(children: ReactNode) {
  const page = mount(
    <>
      <h1 data-testid="heading">Report</h1>
      <h2>Parts</h2>
      {children}
    </>,
  );
  await page.shows('heading', 'Report');
  return page;
}

const textOf = (text: string) => {
  const buffer = createTextBuffer();
  buffer.append(text);
  return buffer.view();
};
const cited: Citation = { path: 'docs/a.md', start: 0, end: 5, text: 'Alpha', line: 3 };
const paged: Citation = { path: 'b.pdf', start: 0, end: 1, text: 'B', page: 2 };

const statuses = ['waiting', 'running', 'finished', 'stopped', 'skipped'] as const;
const section = (number: number, changes: Partial<SectionState>): SectionState => ({
  number,
  title: `Section ${number}`,
  status: 'running',
  words: 35,
  draft: textOf('Line one\nLine two\nopen'),
  text: undefined,
  isRejected: false,
  isResumed: false,
  ...changes,
});
const sections = [
  ...statuses.map((status, index) => section(index + 1, { status })),
  section(6, { status: 'finished', text: 'Kept [1].' }),
  section(7, { title: undefined, draft: textOf('') }),
  section(8, { status: 'finished', text: 'Kept [1].', isRejected: true, isResumed: true }),
];
const stage = (name: WriteStage, changes: Partial<StageState>): StageState => ({
  stage: name,
  status: 'running',
  model: 'nano',
  words: 70,
  plannedSections: sections.length,
  draft: textOf('1. Alpha\n'),
  sections,
  chunks: undefined,
  report: undefined,
  ...changes,
});

const components: Record<string, ReactNode> = {
  ...Object.fromEntries(
    statuses.map((status) => [
      `Stages, ${status}`,
      <Stages
        key={status}
        stages={[
          stage('summary', { status, plannedSections: 0, sections: [] }),
          stage('expand', { status }),
          stage('polish', { status, sections: [] }),
        ]}
      />,
    ]),
  ),
  'Stages, none': <Stages stages={[]} />,
  'Stages, rendered otherwise': (
    <Stages stages={[stage('summary', {})]} aria-label="Progress">
      {({ stage: name, status }) => `${name}: ${status}`}
    </Stages>
  ),
  'Sections in every state': <Sections stage={stage('expand', {})} />,
  'Sections, none': (
    <>
      <p>Nothing yet</p>
      <Sections stage={stage('expand', { sections: [] })} />
    </>
  ),
  'Sections, rendered otherwise': (
    <Sections stage={stage('polish', {})}>
      {({ draft, status }) => <StreamingText text={draft} isStreaming={status === 'running'} />}
    </Sections>
  ),
  'an answer with its sources': (
    <>
      <CitedText text="Alpha [1], beta [2], [7]." citations={[cited, paged]} />
      <Citations citations={[cited, paged]} />
    </>
  ),
  'an answer whose sources open': (
    <>
      <CitedText text="Alpha [1]" citations={[cited, paged]} onOpen={() => {}} />
      <Citations citations={[cited, paged]} onOpen={() => {}} />
    </>
  ),
  'a draft with numbered sources': (
    <>
      <CitedText text="Alpha [12]" citations={[{ number: 12, citation: cited }]} />
      <Citations citations={[{ number: 12, citation: cited }]} />
    </>
  ),
  'two answers on a page': (['first', 'second'] as const).map((idPrefix) => (
    <div key={idPrefix}>
      <CitedText text="Alpha [1]" citations={[cited]} idPrefix={idPrefix} />
      <Citations citations={[cited]} idPrefix={idPrefix} aria-label={`Sources, ${idPrefix}`} />
    </div>
  )),
  'sources, rendered otherwise': <Citations citations={[cited]}>{({ text }) => text}</Citations>,
  'sources, none': (
    <>
      <CitedText text="Nobody says." citations={[]} />
      <Citations citations={[]} />
    </>
  ),
  'a text that streams': <StreamingText text={textOf('Line one\nLine two\nopen')} isStreaming />,
  'a text that is done': <StreamingText text={textOf('Line\n'.repeat(3000))} />,
  'a text that has not begun': <StreamingText text={textOf('')} isStreaming />,
};

describe.skipIf(noBrowser)(`axe in Chromium${noBrowser}`, () => {
  it.each(Object.entries(components))('finds nothing in %s', async (_, component) => {
    expect(await findings(await shown(component))).toEqual([]);
  });

  it('finds what is wrong, where something is', async () => {
    const page = await shown(
      <>
        <button type="button" />
        <Citations citations={[cited]} />
        <Citations citations={[cited]} />
      </>,
    );
    const rules = (await findings(page)).map((finding) => finding.split(':', 1)[0]);
    expect(rules).toContain('button-name');
  });

  it('finds nothing in a writing, from beginning to end', async () => {
    function Report() {
      const report = useLongText();
      return (
        <>
          <button type="button" onClick={() => report.write({ paths: ['docs'], instruction: 'A briefing' })}>
            write
          </button>
          <p data-testid="status">{report.status}</p>
          <p data-testid="stages">{report.stages.map(({ status }) => status).join(' ')}</p>
          <Stages stages={report.stages} />
          {report.stages.map((each) => (
            <Sections key={each.stage} stage={each} />
          ))}
          <Citations citations={report.citations} />
          {report.data && (
            <CitedText text={report.data.text} citations={report.data.citations} idPrefix="final" />
          )}
          {report.data && (
            <Citations citations={report.data.citations} idPrefix="final" aria-label="Sources" />
          )}
        </>
      );
    }
    const page = await shown(<Report />);
    expect(await findings(page)).toEqual([]);
    await page.press('write');
    // As often as axe is fast enough for; the table above has every state for sure.
    await page.saw('stages', /running/);
    while (page.textOf('status') === 'running') expect(await findings(page)).toEqual([]);
    await page.shows('status', /success/);
    expect(await findings(page)).toEqual([]);
  });

  it('finds nothing in a chat that streams, is stopped, and fails', async () => {
    function Chat() {
      const { messages, status, error, sendMessage, stop } = useChat({ id: 'looked-at' });
      return (
        <>
          <div role="log" aria-label="Conversation" data-testid="messages">
            <ol>
              {messages.map(({ id, role, parts }) => (
                <li key={id}>
                  <strong>{role}</strong> {parts.map((part) => (part.type === 'text' ? part.text : ''))}
                </li>
              ))}
            </ol>
          </div>
          <p data-testid="status" role="status">
            {status}
          </p>
          {error && <p role="alert">{error.message}</p>}
          {['60 10', '2000 5', 'fail'].map((text) => (
            <button key={text} type="button" onClick={() => sendMessage({ text })}>
              {text}
            </button>
          ))}
          <button type="button" onClick={() => stop()}>
            stop
          </button>
        </>
      );
    }
    const page = await shown(<Chat />);
    expect(await findings(page)).toEqual([]);
    await page.press('60 10');
    await page.shows('messages', /word 3/);
    expect(await findings(page)).toEqual([]);
    await page.shows('status', 'ready');
    expect(await findings(page)).toEqual([]);
    await page.press('2000 5');
    await page.shows('messages', /2000 5.*word 3/);
    await page.press('stop');
    await page.shows('status', 'ready');
    expect(await findings(page)).toEqual([]);
    await page.press('fail');
    await page.shows('status', 'error');
    expect(await findings(page)).toEqual([]);
  });
});
