/**
 * Markdown of a model as elements, its markers `[n]` as links to sources. Nothing of it becomes markup by itself: HTML stays
 * text, pictures are links, and links lead only where http and mail do. Refuses to know where texts come from.
 */
import { CitationMarkers, type CitationMarkersProps } from '@trivium/react';
import type { Nodes, Parents } from 'mdast';
import { memo, type ReactNode, useMemo, useState } from 'react';
import { langOf } from './lang-of.js';
import { createBlockParser } from './markdown-blocks.js';

type Cited = Omit<CitationMarkersProps, 'text'>;

export interface MarkdownProps extends Partial<Cited> {
  text: string;
}

const nothingCited: CitationMarkersProps['citations'] = [];

/** May grow as it is streamed: a block that is finished is parsed once and rendered once, while `citations` stay the same list. */
export const Markdown = memo(function Markdown({
  text,
  citations = nothingCited,
  idPrefix,
  onOpen,
  placeOf,
}: MarkdownProps) {
  const [parse] = useState(createBlockParser);
  const cited = useMemo(
    () => ({ citations, idPrefix, onOpen, placeOf }),
    [citations, idPrefix, onOpen, placeOf],
  );
  return (
    <div className="prose" lang={langOf(text)}>
      {parse(text).map((block, index) => (
        <Block key={index} node={block} cited={cited} />
      ))}
    </div>
  );
});

const inside = ({ children }: Parents, cited: Cited): ReactNode[] =>
  children.map((node, index) => <Node key={index} node={node} cited={cited} />);

/** Headings of a text stand below those of the page; no model begins below `##` and few know why not to skip a level. */
const headings = ['h3', 'h3', 'h4', 'h5', 'h6', 'h6'] as const;

function Node({ node, cited }: { node: Nodes; cited: Cited }): ReactNode {
  switch (node.type) {
    case 'text':
      return <CitationMarkers text={node.value} {...cited} />;
    case 'paragraph':
      return <p>{inside(node, cited)}</p>;
    case 'heading': {
      const Heading = headings[node.depth - 1] ?? 'h6';
      return <Heading>{inside(node, cited)}</Heading>;
    }
    case 'emphasis':
      return <em>{inside(node, cited)}</em>;
    case 'strong':
      return <strong>{inside(node, cited)}</strong>;
    case 'inlineCode':
      return <code>{node.value}</code>;
    case 'code':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reached without a mouse
        <pre tabIndex={0}>
          <code>{node.value}</code>
        </pre>
      );
    case 'list': {
      const List = node.ordered ? 'ol' : 'ul';
      return <List start={node.ordered ? (node.start ?? 1) : undefined}>{inside(node, cited)}</List>;
    }
    case 'listItem':
      return <li>{inside(node, cited)}</li>;
    case 'blockquote':
      return <blockquote>{inside(node, cited)}</blockquote>;
    case 'link':
      return <Link url={node.url}>{inside(node, cited)}</Link>;
    case 'image':
      return <Link url={node.url}>{node.alt || node.url}</Link>;
    case 'table':
      return <Table rows={node.children.map((row) => row.children.map((cell) => inside(cell, cited)))} />;
    case 'break':
      return <br />;
    case 'thematicBreak':
      return <hr />;
    case 'html':
      return node.value;
    default:
      return 'children' in node ? inside(node, cited) : null;
  }
}

const Block = memo(Node);

function Link({ url, children }: { url: string; children: ReactNode }) {
  if (!/^(https?:|mailto:)/i.test(url)) return children;
  return (
    <a href={url} rel="noreferrer" target="_blank">
      {children}
    </a>
  );
}

function Table({ rows: [head = [], ...rows] }: { rows: ReactNode[][][] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reached without a mouse
    <div className="table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((cell, index) => (
              <th key={index} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
