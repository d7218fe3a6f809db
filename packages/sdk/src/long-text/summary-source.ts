/** The quotable sentences of sources: prose only, no code, tables, headings or markup. */
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
  return sources.flatMap((source) =>
    source.blocks
      .filter(({ kind }) => kind === 'paragraph' || kind === 'list')
      .flatMap((block) => blockSentences(source, block.start, block.end)),
  );
}

/** A bare text as a source of one paragraph. */
export function textSource(text: string): SourceText {
  const blocks = [{ kind: 'paragraph' as const, start: 0, end: text.length }];
  return { path: '-', text, mediaType: 'text/plain', title: '', blocks };
}

function blockSentences(source: SourceText, from: number, to: number): SourceSentence[] {
  const block = source.text.slice(from, to);
  if (/^\s*(?:<|import |export |---|\{)/.test(block)) return [];
  return splitSentences(block)
    .map(({ start, end, text }) => ({
      source,
      start: from + start,
      end: from + end,
      text,
      words: countWords(text),
    }))
    .filter(({ words, text }) => words >= 3 && words <= 150 && /\p{L}{2}/u.test(text));
}
