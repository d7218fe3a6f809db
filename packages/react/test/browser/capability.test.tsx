/** A contract defined by these tests answers as a hook in Chromium, with progress and cancel, as a call and as a job. */
import { describe, expect, it, vi } from 'vitest';
import { StreamingText, useCapability, useLongText } from '../../src/index.js';
import { countWords } from '../words.js';
import { mount, noBrowser, seen } from './page.js';

const long = { text: 'word '.repeat(400).trim(), pauseMs: 5 };

function Words({ job = false, text = long }: { job?: boolean; text?: typeof long }) {
  const words = useCapability(countWords, { job });
  return (
    <>
      <button type="button" onClick={() => words.run(text)}>
        run
      </button>
      <button type="button" onClick={words.stop}>
        stop
      </button>
      <p data-testid="status">{words.status}</p>
      <p data-testid="done">{words.progress?.done}</p>
      <p data-testid="words">{words.data?.words}</p>
      <StreamingText data-testid="text" text={words.text} isStreaming={words.status === 'running'} />
    </>
  );
}

describe.skipIf(noBrowser)(`a capability in Chromium${noBrowser}`, () => {
  it('streams progress and text and answers', async () => {
    const page = mount(<Words text={{ text: 'one two three', pauseMs: 300 }} />);
    await page.shows('status', 'idle');
    await page.press('run');
    await page.shows('status', 'success');
    await page.saw('done', /[12]/);
    expect(page.textOf('words')).toBe('3');
    expect(page.textOf('text')).toBe('one\ntwo\nthree\n');
  });

  it('is cancelled, and so is its work on the server, also when the component goes', async () => {
    const before = (await seen()).aborted.length;
    const page = mount(<Words />);
    await page.press('run');
    await page.shows('done', /\d/);
    await page.press('stop');
    await page.shows('status', 'cancelled');
    await vi.waitFor(async () => expect((await seen()).aborted).toHaveLength(before + 1), 10_000);
    await page.press('run');
    await page.shows('done', /\d/);
    page.unmount();
    await vi.waitFor(async () => expect((await seen()).aborted).toHaveLength(before + 2), 10_000);
  });

  it('as a job outlives its page, which finds it in its storage', async () => {
    sessionStorage.clear();
    const text = { text: 'word '.repeat(60).trim(), pauseMs: 10 };
    const before = mount(<Words job text={text} />);
    await before.press('run');
    await before.shows('done', /\d/);
    before.unmount();
    expect(sessionStorage.getItem('trivium:job:words/count-words')).toMatch(/^job\d+$/);
    const after = mount(<Words job text={text} />);
    await after.shows('status', 'success');
    expect(after.textOf('words')).toBe('60');
    expect(after.textOf('text')).toBe('word\n'.repeat(60));
    sessionStorage.clear();
  });
});

describe.skipIf(noBrowser)(`a staged writing in Chromium${noBrowser}`, () => {
  it('streams its stages', async () => {
    function Report() {
      const report = useLongText();
      return (
        <>
          <button type="button" onClick={() => report.write({ paths: ['docs'], instruction: 'A briefing' })}>
            write
          </button>
          <p data-testid="stages">{report.stages.map(({ status }) => status).join(' ')}</p>
          <p data-testid="text">{report.data?.text}</p>
        </>
      );
    }
    const page = mount(<Report />);
    await page.press('write');
    await page.shows('stages', 'finished finished finished');
    await page.saw('stages', /running waiting waiting/);
    await page.saw('stages', /finished finished running/);
    await page.shows('text', /polish 1 \[1\]/);
  });
});
