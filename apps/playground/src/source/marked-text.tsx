/** Lines of a text with their numbers, what stands from `start` to `end` marked and scrolled to. */
import type { contracts, OutputOf } from '@trivium/protocol';
import { type ReactNode, useEffect, useRef } from 'react';
import { langOf } from '../text/lang-of.js';

interface MarkedTextProps {
  text: OutputOf<typeof contracts.documentsText>;
  /** Offsets into the whole document. */
  start: number | undefined;
  end: number | undefined;
}

export function MarkedText({
  text: { text, start: first, end: last, characters, line },
  start,
  end,
}: MarkedTextProps) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    const mark = box.current?.querySelector('mark');
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (mark && start !== undefined && end !== undefined)
      mark.scrollIntoView({ block: 'center', behavior: still ? 'instant' : 'smooth' });
    else box.current?.scrollTo({ top: 0 });
  }, [start, end]);
  return (
    <section
      className="lines"
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached without a mouse
      tabIndex={0}
      aria-label="Text of the document"
      lang={langOf(text)}
    >
      {first > 0 && <p className="muted">… {first} characters before</p>}
      <ol start={line} style={{ counterReset: `line ${line - 1}` }}>
        {linesOf(text, first).map(({ content, from }) => (
          <Line key={from} content={content} from={from} start={start} end={end} />
        ))}
      </ol>
      {last < characters && <p className="muted">… {characters - last} characters behind</p>}
    </section>
  );
}

/** Lines with the offsets of their first characters. */
function linesOf(text: string, first: number): { content: string; from: number }[] {
  let from = first;
  return text.split('\n').map((content) => {
    const line = { content, from };
    from += content.length + 1;
    return line;
  });
}

interface LineProps {
  content: string;
  /** Offset of its first character. */
  from: number;
  start: number | undefined;
  end: number | undefined;
}

function Line({ content, from, start = -1, end = -1 }: LineProps) {
  const [head, tail] = [Math.max(0, start - from), Math.min(content.length, end - from)];
  if (head >= tail) return <Numbered>{content || '\u200b'}</Numbered>;
  return (
    <Numbered>
      {content.slice(0, head)}
      <mark>{content.slice(head, tail)}</mark>
      {content.slice(tail)}
    </Numbered>
  );
}

/** The number stands before the text, and is not copied with it. */
const Numbered = ({ children }: { children: ReactNode }) => (
  <li>
    <span>{children}</span>
  </li>
);
