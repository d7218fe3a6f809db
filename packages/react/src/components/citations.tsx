/**
 * Citations as accessible markup without styles: a text whose markers `[n]` lead to its sources, and the list of sources
 * they lead to. Refuses to know how a source is opened: `onOpen` does.
 */
import type { Citation } from '@trivium/protocol';
import type { HTMLAttributes, ReactNode } from 'react';
import type { WriteCitation } from '../stores/long-text-snapshot.js';

/** `citations[n - 1]` is what `[n]` cites, as answers have it; or numbered ones, as drafts of a writing have them. */
export type CitationList = readonly Citation[] | readonly WriteCitation[];

const numbered = (citations: CitationList): readonly WriteCitation[] =>
  citations.map((entry, index) => ('citation' in entry ? entry : { number: index + 1, citation: entry }));

/** Where a citation stands, as people write it: `docs/a.md:12`, `a.pdf, page 3`. */
const placeOf = ({ path, line, page }: Citation) =>
  `${path}${page ? `, page ${page}` : line ? `:${line}` : ''}`;

interface Linked {
  citations: CitationList;
  /** Begins the ids of sources, so that two texts on a page do not lead to each other's. Default: `citation`. */
  idPrefix?: string | undefined;
  /** A reader wants to see the source. Without it, markers lead to the list and places are plain text. */
  onOpen?: ((citation: Citation, number: number) => void) | undefined;
}

export interface CitedTextProps extends Linked, Omit<HTMLAttributes<HTMLDivElement>, 'children'> {
  text: string;
}

/**
 * A finished text with its markers as links; markers that nothing is cited by stay text.
 * @example
 * <CitedText text={answer.text} citations={answer.citations} style={{ whiteSpace: 'pre-wrap' }} />
 */
export function CitedText({ text, citations, idPrefix = 'citation', onOpen, ...attributes }: CitedTextProps) {
  const known = new Map(numbered(citations).map(({ number, citation }) => [number, citation]));
  // Split by a pattern with a group: every second part is the number of a marker.
  const parts = text.split(/\[(\d+)\]/);
  return (
    <div {...attributes}>
      {parts.map((part, index): ReactNode => {
        if (index % 2 === 0) return part;
        const number = Number(part);
        const citation = known.get(number);
        if (!citation) return `[${part}]`;
        return (
          <a
            key={index}
            href={`#${idPrefix}-${number}`}
            aria-label={`Citation ${number}: ${placeOf(citation)}`}
            onClick={onOpen && (() => onOpen(citation, number))}
          >
            [{part}]
          </a>
        );
      })}
    </div>
  );
}

export interface CitationsProps extends Linked, Omit<HTMLAttributes<HTMLOListElement>, 'children'> {
  /** Renders one source, inside of its list item. Default: its place, and what stands there as a quote. */
  children?: ((citation: Citation, number: number) => ReactNode) | undefined;
}

/**
 * The sources of a text, with the ids that `CitedText` leads to.
 * @example
 * <Citations citations={answer.citations} onOpen={({ path, start, end }) => show(path, start, end)} />
 */
export function Citations({
  citations,
  idPrefix = 'citation',
  onOpen,
  children: render,
  ...attributes
}: CitationsProps) {
  return (
    <ol aria-label="Citations" {...attributes}>
      {numbered(citations).map(({ number, citation }) => (
        <li key={number} id={`${idPrefix}-${number}`} value={number}>
          {render ? render(citation, number) : <Source citation={citation} number={number} onOpen={onOpen} />}
        </li>
      ))}
    </ol>
  );
}

function Source({
  citation,
  number,
  onOpen,
}: { citation: Citation; number: number } & Pick<Linked, 'onOpen'>) {
  return (
    <>
      {onOpen ? (
        <button type="button" onClick={() => onOpen(citation, number)}>
          {placeOf(citation)}
        </button>
      ) : (
        <cite>{placeOf(citation)}</cite>
      )}
      <blockquote>{citation.text}</blockquote>
    </>
  );
}
