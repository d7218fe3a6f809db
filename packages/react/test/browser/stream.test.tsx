/** A long stream in Chromium: every character arrives, few renders are made, and no block is touched twice. */

import { useState } from 'react';
import { describe, expect, it } from 'vitest';
import { StreamingText, useCapability } from '../../src/index.js';
import { countWords } from '../words.js';
import { mount, noBrowser } from './page.js';

const words = Array.from({ length: 20_000 }, (_, index) => `word${index}`).join(' ');

describe.skipIf(noBrowser)(`a stream of 40,000 events in Chromium${noBrowser}`, () => {
  it('is shown whole, in frames', async () => {
    let renders = 0;
    function Stream() {
      const [calls] = useState({ count: 0 });
      const call = useCapability(countWords, {
        onProgress: () => {
          calls.count += 1;
        },
      });
      renders += 1;
      return (
        <>
          <button type="button" onClick={() => call.run({ text: words })}>
            run
          </button>
          <p data-testid="status">{call.status}</p>
          <p data-testid="events">{call.status === 'success' ? `${call.events}` : ''}</p>
          <StreamingText data-testid="text" text={call.text} />
        </>
      );
    }
    const page = mount(<Stream />);
    await page.press('run');
    const text = page.container.querySelector('[data-testid="text"]');
    const touched = new Map<Node, number>();
    const observer = new MutationObserver((records) => {
      for (const { target } of records) touched.set(target, (touched.get(target) ?? 0) + 1);
    });
    observer.observe(text as Node, { childList: true, characterData: true, subtree: true });
    await page.shows('events', '40000');
    observer.disconnect();
    expect(page.textOf('text')).toBe(`${words.replaceAll(' ', '\n')}\n`);
    expect(renders).toBeLessThan(40_000 / 4);
    for (const block of text?.querySelectorAll(':scope > div:not(:last-child) div:not(:has(div))') ?? [])
      expect(touched.get(block) ?? 0).toBe(0);
  });
});
