/** What standard error shows of long work: a bar on a terminal, a line now and then elsewhere. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressLine } from '../src/progress-line.js';

const start = 1_000_000;
beforeEach(() => void vi.useFakeTimers({ now: start }));
afterEach(() => void vi.useRealTimers());

function shown(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, columns: 80, write: (text: string) => written.push(text) };
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
