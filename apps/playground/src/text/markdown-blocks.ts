/**
 * Markdown as the blocks that stand one below the other, for texts that grow: what is finished is parsed once. Refuses to know
 * how blocks are shown.
 */
import type { RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmTableFromMarkdown } from 'mdast-util-gfm-table';
import { gfmTable } from 'micromark-extension-gfm-table';

/**
 * `[1]: notes.md` below a text is its source, and no definition that would take the marker's place and go unseen itself.
 * Without definitions nothing that stands in one block changes another either, which is what parsing in pieces rests on.
 */
const noDefinitions = { disable: { null: ['definition'] } };

export const blocksOf = (text: string): readonly RootContent[] =>
  fromMarkdown(text, {
    extensions: [gfmTable(), noDefinitions],
    mdastExtensions: [gfmTableFromMarkdown()],
  }).children;

/**
 * Answers `blocksOf` with a memory of the text before: where a text goes on, its finished blocks are the same objects again.
 * @example
 * const parse = createBlockParser();
 * parse('One\n\nTwo\n'); // [One, Two]
 * parse('One\n\nTwo and more'); // [the same One, another Two]
 */
export function createBlockParser(): (text: string) => readonly RootContent[] {
  let finished: { text: string; blocks: readonly RootContent[] } = { text: '', blocks: [] };
  return (text) => {
    if (!text.startsWith(finished.text)) finished = { text: '', blocks: [] };
    const rest = text.slice(finished.text.length);
    const found = blocksOf(rest);
    const blocks = [...finished.blocks, ...found];
    const length = finishedLength(rest, found);
    if (length > 0)
      finished = { text: text.slice(0, finished.text.length + length), blocks: blocks.slice(0, -1) };
    return blocks;
  };
}

/**
 * How much of a text is finished: what stands before the line that its last block begins with. Lines that follow belong to
 * that one or to new blocks. 0 where the line itself, or the one below that makes it the head of a table, may still become
 * another one and belong to the block before; and where no empty line stands before it, or code is told by its indent:
 * micromark then still asks what may interrupt the block before.
 */
function finishedLength(text: string, blocks: readonly RootContent[]): number {
  const [before, last] = blocks.slice(-2);
  // A byte order mark is left out at the beginning of what is parsed, and counted in no offset.
  if (!before || !last || text.includes('\ufeff')) return 0;
  const [start, startBefore] = [lineOf(last, text), lineOf(before, text)];
  const isSettled = text.slice(start).split(lineEnd, 3).length === 3;
  const isApart = /^[\t ]*$/.test(text.slice(startBefore, start).split(lineEnd).at(-2) ?? '');
  const isFree = !isIndentedCode(before, text) && !isIndentedCode(last, text);
  return isSettled && isApart && isFree ? start : 0;
}

const lineEnd = /\r\n|\n|\r/;

/** Where the line begins that a block begins in. */
function lineOf({ position }: RootContent, text: string): number {
  const offset = position?.start.offset ?? 0;
  return Math.max(text.lastIndexOf('\n', offset), text.lastIndexOf('\r', offset)) + 1;
}

const isIndentedCode = (block: RootContent, text: string) =>
  block.type === 'code' && !/^ {0,3}[`~]/.test(text.slice(lineOf(block, text)));
