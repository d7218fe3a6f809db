/**
 * Text that grows by deltas, kept as append-only chunks: adding a delta and looking at the text cost the same at the
 * beginning and at the end of a long stream. A view is immutable; all views of a text share its chunks.
 * Refuses to know what the text says and how it is shown.
 */

/** Characters (UTF-16 code units) after which complete lines become a chunk. */
const chunkCharacters = 1024;
/** Characters of a line without an end that are kept in one string while it grows. */
const pieceCharacters = 4096;

/** A text as it was at one moment. */
export interface StreamedText {
  /** Characters (UTF-16 code units). */
  readonly length: number;
  /** Chunks of complete lines, their line ends included. None of them changes any more. */
  readonly chunkCount: number;
  /** The chunk at an index from 0 to `chunkCount` - 1. The same function for all views of a text, and for no other text. */
  readonly chunk: (index: number) => string;
  /** What stands behind the last chunk and still grows: pieces, of which only the last one will change. */
  readonly openPieces: readonly string[];
  /** The whole text in one string, made when it is first asked for. */
  readonly toString: () => string;
}

export interface TextBuffer {
  readonly append: (delta: string) => void;
  /** The text now; the same object until something is appended. */
  readonly view: () => StreamedText;
}

/**
 * @example
 * const text = createTextBuffer();
 * text.append('Hello');
 * String(text.view()); // 'Hello'
 */
export function createTextBuffer(): TextBuffer {
  const chunks: string[] = [];
  /** Full pieces of the line that is still open; replaced, never emptied, because views hold it. */
  let pieces: string[] = [];
  let tail = '';
  let length = 0;
  let last: StreamedText | undefined = emptyText;
  const chunk = (index: number): string => {
    const found = chunks[index];
    if (found === undefined) throw new RangeError(`There are ${chunks.length} chunks, none at ${index}.`);
    return found;
  };

  const seal = () => {
    const end = tail.lastIndexOf('\n') + 1;
    if (end > 0) {
      chunks.push(pieces.join('') + tail.slice(0, end));
      pieces = [];
      tail = tail.slice(end);
      return;
    }
    if (tail.length < pieceCharacters) return;
    const cut = endOfCharacter(tail);
    pieces.push(tail.slice(0, cut));
    tail = tail.slice(cut);
  };

  return {
    append: (delta) => {
      if (delta === '') return;
      tail += delta;
      length += delta.length;
      last = undefined;
      // A tail without a line end is searched again only where the delta brings one, so that no character is read often.
      if (tail.length >= pieceCharacters || (tail.length >= chunkCharacters && delta.includes('\n'))) seal();
    },
    view: () => {
      last ??= viewOf(chunks, chunk, Object.freeze(tail === '' ? [...pieces] : [...pieces, tail]), length);
      return last;
    },
  };
}

function viewOf(
  chunks: readonly string[],
  chunk: StreamedText['chunk'],
  openPieces: readonly string[],
  length: number,
): StreamedText {
  const chunkCount = chunks.length;
  let whole: string | undefined;
  return Object.freeze({
    length,
    chunkCount,
    chunk,
    openPieces,
    toString: () => {
      whole ??= chunks.slice(0, chunkCount).join('') + openPieces.join('');
      return whole;
    },
  });
}

/** No text yet. */
export const emptyText: StreamedText = viewOf(
  [],
  (index) => {
    throw new RangeError(`There are no chunks, none at ${index}.`);
  },
  Object.freeze([]),
  0,
);

/** Where `text` ends without cutting a surrogate pair. */
function endOfCharacter(text: string): number {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last < 0xdc00 ? text.length - 1 : text.length;
}
