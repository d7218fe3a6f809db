import { fireEvent, render, screen, within } from '@testing-library/react';
import { Profiler } from 'react';
import { describe, expect, it } from 'vitest';
import { CitationMarkers, Citations, CitedText, Sections, Stages, StreamingText } from '../src/index.js';
import { createLongTextStore, createTextBuffer } from '../src/stores/index.js';
import { createWire } from './wire.js';
import { cited, scriptedWriting } from './write-script.js';

describe('StreamingText', () => {
  it('is the text at every moment, and leaves nodes alone that are done', () => {
    const buffer = createTextBuffer();
    const { container, rerender } = render(<StreamingText text={buffer.view()} isStreaming />);
    const blocks = new Map<string, Element>();
    let expected = '';
    for (let delta = 0; delta < 400; delta += 1) {
      const line = `${delta} ${'word '.repeat(20)}${delta % 3 === 0 ? '\n' : ''}`;
      expected += line;
      buffer.append(line);
      rerender(<StreamingText text={buffer.view()} isStreaming />);
      expect(container.textContent).toBe(expected);
      for (const block of container.querySelectorAll('div:not(:has(div))')) {
        const text = block.textContent ?? '';
        if (!text.endsWith('\n')) continue;
        if (blocks.has(text)) expect(blocks.get(text)).toBe(block);
        blocks.set(text, block);
      }
    }
    expect(blocks.size).toBeGreaterThan(30);
    expect(container.firstElementChild?.getAttribute('aria-busy')).toBe('true');
  });

  it('renders again only what is open, however long the text is', () => {
    let rendered = 0;
    const Block = ({ children }: { children: string }) => {
      rendered += 1;
      return <p>{children}</p>;
    };
    const buffer = createTextBuffer();
    const { rerender } = render(<StreamingText text={buffer.view()} Block={Block} />);
    const perStep: number[] = [];
    for (let step = 0; step < 3000; step += 1) {
      buffer.append(`${'x'.repeat(1100)}\n`);
      const before = rendered;
      rerender(<StreamingText text={buffer.view()} Block={Block} />);
      perStep.push(rendered - before);
    }
    // Its group of at most 32 blocks is looked at again; the blocks outside of it are not.
    expect(Math.max(...perStep)).toBeLessThanOrEqual(32);
    expect(perStep.slice(-32).reduce((sum, count) => sum + count)).toBe(
      perStep.slice(0, 32).reduce((sum, count) => sum + count),
    );
  });

  it('shows another text where the text is another', () => {
    const [first, second] = [createTextBuffer(), createTextBuffer()];
    first.append('one\n'.repeat(300));
    second.append('two\n'.repeat(300));
    const { container, rerender } = render(<StreamingText text={first.view()} />);
    rerender(<StreamingText text={second.view()} />);
    expect(container.textContent).toBe('two\n'.repeat(300));
  });
});

async function finished() {
  const store = createLongTextStore({
    baseUrl: '',
    fetch: createWire([scriptedWriting().implementation]).fetch,
  });
  await store.write({ paths: ['docs'], instruction: 'A briefing' });
  return store.getSnapshot();
}

describe('Stages and Sections', () => {
  it('mark the step that is at work', async () => {
    const { stages } = await finished();
    const [summary, expand, polish] = stages;
    render(
      <Stages stages={[summary!, { ...expand!, status: 'running' }, { ...polish!, status: 'waiting' }]} />,
    );
    const items = within(screen.getByRole('list', { name: 'Stages' })).getAllByRole('listitem');
    expect(items.map((item) => item.getAttribute('aria-current'))).toEqual([null, 'step', null]);
    expect(items.map((item) => item.dataset.status)).toEqual(['finished', 'running', 'waiting']);
    expect(screen.getByRole('progressbar', { name: 'expand: 2 of 2' })).toBeTruthy();
  });

  it('show sections, and let both be rendered otherwise', async () => {
    const { stages } = await finished();
    const { container, rerender } = render(<Sections stage={stages[2]!} />);
    expect(screen.getByRole('article', { name: 'Section 2' }).textContent).toBe('Section 2polish 2 [1]');
    rerender(<Sections stage={stages[2]!}>{({ number, isRejected }) => `${number} ${isRejected}`}</Sections>);
    expect(container.textContent).toBe('1 false2 true');
    rerender(<Stages stages={stages}>{({ stage, report }) => `${stage} ${report?.words} `}</Stages>);
    expect(container.textContent).toBe('summary 20 expand 20 polish 20 ');
  });
});

describe('CitedText and Citations', () => {
  it('lead from markers to sources, and keep every character', () => {
    const text = 'Alpha [1] and [7], [x] and\n\n[1].';
    const opened: unknown[] = [];
    const open = (_: unknown, number: number) => opened.push(number);
    render(
      <>
        <CitedText data-testid="text" text={text} citations={[cited]} idPrefix="a" onOpen={open} />
        <Citations citations={[cited]} idPrefix="a" onOpen={open} />
      </>,
    );
    expect(screen.getByTestId('text').textContent).toBe(text);
    const links = screen.getAllByRole('link', { name: 'Citation 1: docs/a.md:3' });
    expect(links.map((link) => link.getAttribute('href'))).toEqual(['#a-1', '#a-1']);
    expect(document.querySelector('#a-1')?.textContent).toBe('docs/a.md:3Alpha');
    fireEvent.click(links[1]!);
    fireEvent.click(screen.getByRole('button', { name: 'docs/a.md:3' }));
    expect(opened).toEqual([1, 1]);
  });

  it('lead from each number of a marker, and from no brackets in code', () => {
    const text = 'Both say so [1, 2, 9]. In `items[1]` it is code, as in\n```\nitems [1]\n```\n[2]';
    const second = { path: 'b.md', start: 0, end: 1, text: 'B' };
    render(<CitedText data-testid="text" text={text} citations={[cited, second]} />);
    expect(screen.getByTestId('text').textContent).toBe(text);
    const links = screen
      .getAllByRole('link')
      .map((link) => [link.textContent, link.getAttribute('href'), link.getAttribute('aria-label')]);
    expect(links).toEqual([
      ['1', '#citation-1', 'Citation 1: docs/a.md:3'],
      ['2', '#citation-2', 'Citation 2: b.md'],
      ['[2]', '#citation-2', 'Citation 2: b.md'],
    ]);
  });

  it('take the numbered citations of drafts, pages, and renderers of their own', () => {
    const paged = { path: 'b.pdf', start: 0, end: 1, text: 'B', page: 2 };
    const { container, rerender } = render(<Citations citations={[{ number: 12, citation: paged }]} />);
    expect(container.querySelector('li')?.value).toBe(12);
    expect(container.textContent).toBe('b.pdf, page 2B');
    rerender(<Citations citations={[paged]}>{({ path }, number) => `${number} ${path}`}</Citations>);
    expect(container.textContent).toBe('1 b.pdf');
  });

  it('cost no more than their parts', () => {
    let commits = 0;
    render(
      <Profiler id="cited" onRender={() => (commits += 1)}>
        <CitedText text={'word [1] '.repeat(500)} citations={[cited]} />
      </Profiler>,
    );
    expect(commits).toBe(1);
    expect(screen.getAllByRole('link')).toHaveLength(500);
  });
});

describe('CitationMarkers', () => {
  const citation = { path: 'scratch/x/tea.md', start: 0, end: 3, text: 'Tea', line: 2 };

  it('are links within any element, that open their source in place of moving the page', () => {
    const opened: number[] = [];
    render(
      <p>
        <CitationMarkers
          text="Steep it. [1] Not [2]."
          citations={[citation]}
          onOpen={(_, number) => opened.push(number)}
          placeOf={({ path }) => path.split('/').at(-1) ?? ''}
        />
      </p>,
    );
    const link = screen.getByRole('link', { name: 'Citation 1: tea.md' });
    expect(link.closest('p')?.textContent).toBe('Steep it. [1] Not [2].');
    // What answers false was prevented.
    expect(fireEvent.click(link)).toBe(false);
    expect(fireEvent.click(link, { ctrlKey: true })).toBe(true);
    expect(opened).toEqual([1]);
  });
});
