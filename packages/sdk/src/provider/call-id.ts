/** Ids of calls for templates that take nine letters and digits alone (Mistral's): others are told by a digest of theirs. */
import { createHash } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The same id always gives the same nine characters; one that has that form stays as it is. */
export function nineCharacterId(id: string): string {
  if (/^[0-9A-Za-z]{9}$/.test(id)) return id;
  const digest = createHash('sha256').update(id).digest();
  return Array.from(digest.subarray(0, 9), (byte) => alphabet[byte % alphabet.length]).join('');
}
