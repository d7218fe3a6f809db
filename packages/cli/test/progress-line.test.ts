/** What standard error shows of long work: a bar on a terminal, a line now and then elsewhere. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressLine } from '../src/progress-line.js';

const start = 1_000_000;
beforeEach(() => void vi.useFakeTimers({ now: start }));
afterEach(() => void vi.useRealTimers());

function shown(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  return { written, line: new ProgressLine(stream as never) };
}
const chunk = (chunk: number) => ({ type: 'chunk-end', stage: 'summary', chunk, chunks: 1300 });

describe('where standard error is no terminal', () => {
  it('says nothing of what is done soon', () => {
    const { written, line } = shown(false);
    line.update({ type: 'read-progress', path: 'a.md', done: 1, total: 2 });
    vi.setSystemTime(start + 9000);
    line.update({ type: 'read-progress', path: 'b.md', done: 2, total: 2 });
    line.clear();
    expect(written).toEqual([]);
  });

  it('says in a line every ten seconds how far long work has come', () => {
    const { written, line } = shown(false);
    for (let second = 1; second <= 35; second++) {
      vi.setSystemTime(start + 1000 * second);
      line.update(chunk(second));
    }
    line.clear();
    expect(written).toEqual([10, 20, 30].map((done) => `trivium: summary: notes ${done}/1300\n`));
    vi.setSystemTime(start + 60_000);
    line.update({ type: 'stage-start', stage: 'expand' });
    vi.setSystemTime(start + 70_000);
    line.update({ type: 'load-progress', share: 0.25 });
    vi.setSystemTime(start + 80_000);
    line.update({ type: 'chunk-end', chunk: 3, chunks: 70 });
    const last = ['trivium: expand\n', 'trivium: loading 25 %\n', 'trivium: notes 3/70\n'];
    expect(written.slice(3)).toEqual(last);
  });
});

it('is one line that is written over on a terminal', () => {
  const { written, line } = shown(true);
  line.update(chunk(650));
  line.clear();
  expect(written).toEqual([
    `\r\x1b[2K${'█'.repeat(12)}${'░'.repeat(12)} 650/1300 summary: notes`,
    '\r\x1b[2K',
  ]);
});

it('takes what plugins mean by its fields, and lets no name steer a terminal', () => {
  const { written, line } = shown(true);
  line.update({ type: 'stage-start', stage: 3 } as never);
  line.update({ type: 'stage-start', stage: 'a\x1b[31m' });
  line.clear();
  expect(written.map((text) => text.slice(-7))).toEqual([
    '\u2591\u2591\u2591\u2591\u2591 3',
    ' a\u241b[31m',
    '\r\x1b[2K',
  ]);
});

describe('on a terminal', () => {
  /** What stands on the line, by columns; wide characters take two. */
  const drawn = (columns: number, path: string, figures = { done: 1, total: 2 }) => {
    const { written, line } = shown(true, columns);
    vi.setSystemTime(Date.now() + 1000);
    line.update({ type: 'read-progress', path, ...figures });
    return written[0]!.replace('\r\x1b[2K', '');
  };
  const bar = `${'█'.repeat(12)}${'░'.repeat(12)}`;

  it('takes one line however wide its characters are', () => {
    const path = `${'茶'.repeat(40)}.md`;
    expect(drawn(80, path)).toBe(`${bar} 1/2 ${'茶'.repeat(23)}.md`);
    expect(drawn(80, '🍵'.repeat(40))).toBe(`${bar} 1/2 ${'🍵'.repeat(25)}`);
    expect(drawn(80, 'e\u0301'.repeat(60))).toBe(`${bar} 1/2 ${'e\u0301'.repeat(50)}`);
    expect(drawn(80, `guides/${'x'.repeat(60)}`)).toHaveLength(79);
  });

  it('has no bar where there is no room for one', () => {
    expect(drawn(36, 'guides/tea.md')).toBe('1/2 guides/tea.md');
    expect(drawn(36, 'a.md')).toBe(`${bar} 1/2 a.md`);
    expect(drawn(20, 'a/very/long/way/to/tea.md')).toBe('1/2 g/way/to/tea.md');
    expect(drawn(6, 'tea.md', { done: 1000, total: 2000 })).toBe('/2000');
  });

  it('does not break where more is done than was meant to be', () => {
    expect(drawn(80, 'a.md', { done: 3, total: 2 })).toBe(`${'█'.repeat(24)} 3/2 a.md`);
  });

  it('says a terminal of unknown width is one of 80 columns', () => {
    expect(drawn(0, 'x'.repeat(90))).toHaveLength(79);
  });
});

it('shows how far the work of a watched job is', () => {
  const { written, line } = shown(true);
  const progress = { type: 'section-start', stage: 'expand', section: 3, sections: 4 };
  line.update({ type: 'job-progress', progress });
  expect(written).toEqual([`\r\x1b[2K${'█'.repeat(12)}${'░'.repeat(12)} 2/4 expand`]);
});
