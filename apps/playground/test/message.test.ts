// @vitest-environment happy-dom
/** A message while it is streamed: what of it is rendered again, and what not before somebody looks. */
import type { TriviumUIMessage } from '@trivium/react/chat';
import { act, createElement, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { Message } from '../src/chat/message.js';
import { Markdown } from '../src/text/markdown.js';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const citation = { path: 'report.pdf', start: 0, end: 11, text: 'Costs rise.' };

function mounted() {
  const element = document.createElement('div');
  const root = createRoot(element);
  return { element, show: (node: ReactNode) => act(() => root.render(node)) };
}

it('text that grows looks as the whole does, and its finished blocks are rendered once', () => {
  const text =
    'Costs rise [1].\n\n1. one\n\n   more\n2. two\n\n| a | b |\n|---|---|\n| c | d |\n\n```js\ncode\n```\n\nEnd';
  let rendered = 0;
  const citations = [citation];
  const placeOf = () => {
    rendered += 1;
    return 'report.pdf';
  };
  const { element, show } = mounted();
  for (let end = 0; end <= text.length; end += 1) {
    const props = { text: text.slice(0, end), citations, placeOf };
    show(createElement(Markdown, props));
    const counted = rendered;
    expect(element.innerHTML).toBe(renderToStaticMarkup(createElement(Markdown, props)));
    rendered = counted;
  }
  // While it was the last block, and not with the 80 pieces behind it.
  expect(rendered).toBeLessThan(20);
});

it('thoughts are rendered once they are unfolded', () => {
  const parts = [
    { type: 'reasoning', text: 'I *think*.' },
    { type: 'text', text: 'Hello [1].' },
    { type: 'data-trivium-citation', data: citation },
  ];
  const message = { id: 'm', role: 'assistant', parts } as TriviumUIMessage;
  const { element, show } = mounted();
  show(createElement(Message, { message, onOpen: () => {} }));
  expect(element.textContent).toBe('ModelThoughtsHello [1].');
  const details = element.querySelector('details')!;
  act(() => {
    details.open = true;
    details.dispatchEvent(new Event('toggle'));
  });
  expect(details.innerHTML).toContain('<p>I <em>think</em>.</p>');
});
