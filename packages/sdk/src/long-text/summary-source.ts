/** The quotable sentences of sources: prose only, no code, tables, headings or markup. */
import { textBlocks } from '../documents/readers/text-blocks.js';
import { Turns } from '../documents/turns.js';
import type { SourceText } from '../documents/types.js';
import { sentencesIn } from './sentences.js';
import { countWords } from './words.js';

export interface SourceSentence {
  source: SourceText;
  /** Offsets into `source.text`. */
  start: number;
  end: number;
  text: string;
  words: number;
}

/** @throws the abort reason of the turns */
export async function sentencesOf(
  sources: readonly SourceText[],
  turns = new Turns(),
): Promise<SourceSentence[]> {
  const spans = sources.flatMap((source) =>
    source.blocks
      .filter(({ kind }) => kind === 'paragraph' || kind === 'list')
      .map(({ start, end }): Span => ({ source, start, end })),
  );
  const prose = await quotable(
    spans.filter((span) => !isMarkup(span)),
    turns,
  );
  // Where all there is begins like markup, it is what was meant.
  return prose.length > 0 ? prose : quotable(spans, turns);
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

async function quotable(spans: readonly Span[], turns: Turns): Promise<SourceSentence[]> {
  const found: SourceSentence[] = [];
  for (const { source, start: from, end: to } of spans) {
    for (const { start, end, text } of sentencesIn(source.text.slice(from, to))) {
      await turns.next();
      const words = countWords(text);
      if (words >= 3 && words <= 150 && /\p{L}\p{M}*\p{L}/u.test(text))
        found.push({ source, start: from + start, end: from + end, text, words });
    }
  }
  return found;
}
