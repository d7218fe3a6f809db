/**
 * Citations as accessible markup without styles: a text whose markers `[n]` lead to its sources, and the list of sources
 * they lead to. Refuses to know how a source is opened: `onOpen` does.
 */
import { type Citation, markersIn } from '@trivium/protocol';
import type { HTMLAttributes, MouseEvent, ReactNode } from 'react';
import type { WriteCitation } from '../stores/long-text-snapshot.js';

/** `citations[n - 1]` is what `[n]` cites, as answers have it; or numbered ones, as drafts of a writing have them. */
export type CitationList = readonly Citation[] | readonly WriteCitation[];

const numbered = (citations: CitationList): readonly WriteCitation[] =>
  citations.map((entry, index) => ('citation' in entry ? entry : { number: index + 1, citation: entry }));

/** Where a citation stands, as people write it: `docs/a.md:12`, `a.pdf, page 3`. */
export const citationPlace = ({ path, line, page }: Citation) =>
  `${path}${page ? `, page ${page}` : line ? `:${line}` : ''}`;

interface Linked {
  citations: CitationList;
  /** Begins the ids of sources, so that two texts on a page do not lead to each other's. Default: `citation`. */
  idPrefix?: string | undefined;
  /** A reader wants to see the source. Without it, markers lead to the list and places are plain text. */
  onOpen?: ((citation: Citation, number: number) => void) | undefined;
  /** How a place is written. Default: {@link citationPlace}; for paths that say nothing to readers. */
  placeOf?: ((citation: Citation) => string) | undefined;
}

export interface CitationMarkersProps extends Linked {
  text: string;
}

/** Where links stand in a text: `[1]` is one as a whole, and each number of `[1, 2]` is one. */
const linksIn = (text: string) =>
  markersIn(text).flatMap(({ start, end, blanks, numbers }) => {
    const from = start + blanks.length;
    const link = numbers.length > 1 ? /\d+/g : /\[\d+\]/g;
    return [...text.slice(from, end).matchAll(link)].map(({ 0: { length }, index }, place) => ({
      number: numbers[place]!,
      start: from + index,
      end: from + index + length,
    }));
  });

/**
 * A piece of text with its markers as links, and no element around it: for renderers of Markdown, whose paragraphs hold it.
 * Markers that nothing is cited by stay text, and so do brackets in code.
 * @example
 * <p><CitationMarkers text={paragraph} citations={answer.citations} onOpen={show} /></p>
 */
export function CitationMarkers({
  text,
  citations,
  idPrefix = 'citation',
  onOpen,
  placeOf = citationPlace,
}: CitationMarkersProps) {
  const known = new Map(numbered(citations).map(({ number, citation }) => [number, citation]));
  const parts: ReactNode[] = [];
  let from = 0;
  for (const { number, start, end } of linksIn(text)) {
    const citation = known.get(number);
    if (!citation) continue;
    parts.push(
      text.slice(from, start),
      <a
        key={start}
        href={`#${idPrefix}-${number}`}
        aria-label={`Citation ${number}: ${placeOf(citation)}`}
        onClick={onOpen && ((event) => openInstead(event, () => onOpen(citation, number)))}
      >
        {text.slice(start, end)}
      </a>,
    );
    from = end;
  }
  return [...parts, text.slice(from)];
}

/** The source opens in place of the list, unless the reader wants the link somewhere else: a new tab, a download. */
function openInstead(event: MouseEvent, open: () => void): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open();
}

export interface CitedTextProps extends Linked, Omit<HTMLAttributes<HTMLDivElement>, 'children'> {
  text: string;
}

/**
 * A finished text with its markers as links; markers that nothing is cited by stay text, and so do brackets in code.
 * @example
 * <CitedText text={answer.text} citations={answer.citations} style={{ whiteSpace: 'pre-wrap' }} />
 */
export function CitedText({ text, citations, idPrefix, onOpen, placeOf, ...attributes }: CitedTextProps) {
  return (
    <div {...attributes}>
      <CitationMarkers {...{ text, citations, idPrefix, onOpen, placeOf }} />
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
  placeOf = citationPlace,
  children: render,
  ...attributes
}: CitationsProps) {
  return (
    <ol aria-label="Citations" {...attributes}>
      {numbered(citations).map(({ number, citation }) => (
        <li key={number} id={`${idPrefix}-${number}`} value={number}>
          {render ? render(citation, number) : <Source {...{ citation, number, onOpen, placeOf }} />}
        </li>
      ))}
    </ol>
  );
}

interface SourceProps extends Pick<Linked, 'onOpen'> {
  citation: Citation;
  number: number;
  placeOf: (citation: Citation) => string;
}

function Source({ citation, number, onOpen, placeOf }: SourceProps) {
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
