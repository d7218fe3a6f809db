/** The finished text, its sources, and how to take it along. */
import type { contracts, OutputOf } from '@trivium/protocol';
import { Citations } from '@trivium/react';
import { count, duration } from '../parts/numbers.js';
import { placeOf } from '../source/place-of.js';
import type { OpenPlace } from '../source/use-source.js';
import { Markdown } from '../text/markdown.js';

interface WrittenTextProps {
  written: OutputOf<typeof contracts.write>;
  onOpen: OpenPlace;
}

export function WrittenText({ written: { text, citations, words, usage, ms }, onOpen }: WrittenTextProps) {
  return (
    <article className="answer">
      <p className="row muted">
        <span>
          {count(words)} words · {count(usage.inputTokens)} tokens in, {count(usage.outputTokens)} out ·{' '}
          {duration(ms)}
        </span>
        <a href={`data:text/markdown;charset=utf-8,${encodeURIComponent(text)}`} download="text.md">
          Download as Markdown
        </a>
      </p>
      <Markdown text={text} citations={citations} idPrefix="written" onOpen={onOpen} placeOf={placeOf} />
      {citations.length > 0 && <h3>Sources</h3>}
      <Citations
        className="sources"
        citations={citations}
        idPrefix="written"
        onOpen={onOpen}
        placeOf={placeOf}
      />
    </article>
  );
}
