/**
 * Text that grows, shown with the same work at the beginning and at the end of a long stream: complete lines become blocks
 * that are rendered once, in nested groups that React compares and a browser lays out as a whole; only what is still open
 * is rendered again.
 * Refuses to know where the text comes from and what it looks like: give the container `white-space: pre-wrap`.
 */
import { type ComponentType, type HTMLAttributes, memo } from 'react';
import type { StreamedText } from '../stores/streamed-text.js';

/** How many blocks, and how many groups of them, are compared as one. */
const groupSize = 32;

export interface StreamingTextProps extends Omit<HTMLAttributes<HTMLDivElement>, 'children'> {
  text: StreamedText;
  /** It will grow: `aria-busy`, so that screen readers wait for the end. */
  isStreaming?: boolean | undefined;
  /** Renders a block of complete lines, its line end included. Must be the same component in every render. */
  Block?: ComponentType<{ children: string }> | undefined;
}

/**
 * A group paints by itself: otherwise Chromium looks at each line of the whole text whenever one is added, to find out what
 * it paints beyond its box. Changes nothing that can be seen.
 */
const group = { isolation: 'isolate' } as const;

const Lines = ({ children }: { children: string }) => <div>{children}</div>;

/**
 * @example
 * const { ask } = useDocuments(['.']);
 * <StreamingText text={ask.text} isStreaming={ask.status === 'running'} style={{ whiteSpace: 'pre-wrap' }} />
 */
export function StreamingText({
  text,
  isStreaming = false,
  Block = Lines,
  ...attributes
}: StreamingTextProps) {
  const { chunk, chunkCount, openPieces } = text;
  const groups = ranges(0, chunkCount, groupSize * groupSize);
  return (
    <div aria-busy={isStreaming} {...attributes}>
      {groups.map(([from, to]) => (
        <GroupOfGroups key={from} chunk={chunk} from={from} to={to} Block={Block} />
      ))}
      {openPieces.length > 0 && <Open pieces={openPieces} />}
    </div>
  );
}

interface GroupProps {
  /** Tells one text from another: the same function for all views of a text. */
  chunk: StreamedText['chunk'];
  from: number;
  to: number;
  Block: ComponentType<{ children: string }>;
}

const GroupOfGroups = memo(function GroupOfGroups({ from, to, ...rest }: GroupProps) {
  return (
    <div style={group}>
      {ranges(from, to, groupSize).map(([first, end]) => (
        <Group key={first} from={first} to={end} {...rest} />
      ))}
    </div>
  );
});

const Group = memo(function Group({ chunk, from, to, Block }: GroupProps) {
  return (
    <div style={group}>
      {ranges(from, to, 1).map(([index]) => (
        <Block key={index}>{chunk(index)}</Block>
      ))}
    </div>
  );
});

/** The line that is still open; all pieces of it but the last one stay as they are. */
function Open({ pieces }: { pieces: readonly string[] }) {
  return (
    <div>
      {pieces.map((piece, index) => (
        <span key={index}>{piece}</span>
      ))}
    </div>
  );
}

/** From `from` to `to` in steps of `size`; the last range may be shorter. */
function ranges(from: number, to: number, size: number): [number, number][] {
  const list: [number, number][] = [];
  for (let start = from; start < to; start += size) list.push([start, Math.min(start + size, to)]);
  return list;
}
