/** What a model wrote as elements: its markers lead to their sources, and nothing of it goes unseen. */
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { Markdown } from '../src/text/markdown.js';

const citations = [{ path: 'report.pdf', start: 0, end: 11, text: 'Costs rise.' }];
const textOf = (html: string) => html.replace(/<[^>]*>/g, '');

describe('Markdown', () => {
  it('keeps the marker of a citation and the source below it, which Markdown would take for a definition', () => {
    const html = renderToStaticMarkup(
      createElement(Markdown, { text: 'Costs rise [1].\n\n[1]: report.pdf', citations, idPrefix: 'answer' }),
    );
    expect(textOf(html)).toBe('Costs rise [1].[1]: report.pdf');
    expect(html.match(/<a href="#answer-1"/g)).toHaveLength(2);
  });

  it('leads from each number of a marker, and from no brackets in code', () => {
    const html = renderToStaticMarkup(
      createElement(Markdown, {
        text: 'Costs **rise** [1, 2], as `costs[1]` says.\n\n```\ncosts[1]\n```',
        citations: [...citations, { path: 'notes.md', start: 0, end: 4, text: 'Rise' }],
      }),
    );
    expect(textOf(html)).toBe('Costs rise [1, 2], as costs[1] says.costs[1]');
    expect(html.match(/<a href="#citation-\d"/g)).toEqual(['<a href="#citation-1"', '<a href="#citation-2"']);
  });
});
