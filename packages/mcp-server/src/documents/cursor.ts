/** Cursors of lists: where a page ended, in a form that nobody takes apart. */
import { TriviumError } from '@trivium/protocol';

const mark = 'after:';

export const encodeCursor = (after: string) => Buffer.from(mark + after).toString('base64url');

/** @throws TriviumError `invalid-argument` for what is no cursor of ours */
export function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  if (text.startsWith(mark) && encodeCursor(text.slice(mark.length)) === cursor)
    return text.slice(mark.length);
  throw new TriviumError('invalid-argument', 'The cursor is none of this server.', {
    field: 'cursor',
    found: cursor.slice(0, 100),
    remedy: 'Take it from nextCursor of the page before, or leave it out.',
  });
}
