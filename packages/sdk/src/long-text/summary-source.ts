/** The quotable sentences of sources: prose only, no code, tables, headings or markup. */
import { textBlocks } from '../documents/readers/text-blocks.js';
import type { SourceText } from '../documents/types.js';
import { splitSentences } from './sentences.js';
import { countWords } from './words.js';

export interface SourceSentence {
  source: SourceText;
  /** Offsets into `source.text`. */
  start: number;
  end: number;
  text: string;
  words: number;
}

export function sentencesOf(sources: readonly SourceText[]): SourceSentence[] {
  const spans = sources.flatMap((source) =>
    source.blocks
      .filter(({ kind }) => kind === 'paragraph' || kind === 'list')
      .map(({ start, end }): Span => ({ source, start, end })),
  );
  const prose = spans.filter((span) => !isMarkup(span)).flatMap(spanSentences);
  // Where all there is begins like markup, it is what was meant.
  return prose.length > 0 ? prose : spans.flatMap(spanSentences);
}

/** A bare text as a source of its paragraphs. */
export function textSource(text: string): SourceText {
  const { blocks } = textBlocks(text);
  return {
    path: '-',
    text,
    mediaType: 'text/plain',
    title: '',
    blocks: blocks.map(({ start, end }) => ({ kind: 'paragraph', start, end })),
  };
}

type Span = Pick<SourceSentence, 'source' | 'start' | 'end'>;

/** By how it begins: tags, front matter, braces; in Markdown, which may be MDX, imports and exports. */
function isMarkup({ source, start, end }: Span): boolean {
  const markup =
    source.mediaType === 'text/markdown' ? /^\s*(?:<|import |export |---|\{)/ : /^\s*(?:<|---|\{)/;
  return markup.test(source.text.slice(start, end));
}

function spanSentences({ source, start: from, end: to }: Span): SourceSentence[] {
  return splitSentences(source.text.slice(from, to))
    .map(({ start, end, text }) => ({
      source,
      start: from + start,
      end: from + end,
      text,
      words: countWords(text),
    }))
    .filter(({ words, text }) => words >= 3 && words <= 150 && /\p{L}\p{M}*\p{L}/u.test(text));
}
