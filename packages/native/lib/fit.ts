/**
 * Inputs that a model's context holds: an overflow is an error unless the caller has it cut. Knows lengths, not what
 * tokens say.
 */
import { TriviumError } from '@trivium/protocol/errors';
import type { RawPair } from './addon.js';
import type { EmbedOptions, RankInput } from './types.js';

type Overflow = NonNullable<EmbedOptions['overflow']>;

/** @throws TriviumError `context-overflow` under `'error'` */
export function fitTexts(encoded: Int32Array[], contextTokens: number, overflow: Overflow) {
  const truncated: number[] = [];
  const inputs = encoded.map((ids, index) => {
    if (ids.length <= contextTokens) return ids;
    if (overflow === 'error') throw tooLong(`texts.${index}`, `Input ${index}`, ids.length, contextTokens);
    truncated.push(index);
    // The last token stays: it closes the text ([SEP]) where the tokenizer adds one.
    const cut = ids.slice(0, contextTokens);
    cut[contextTokens - 1] = ids[ids.length - 1]!;
    return cut;
  });
  return { inputs, truncated };
}

/**
 * Of each pair only the second text is cut, at its end: the query and the tokens around the texts stay.
 * @throws TriviumError `context-overflow` under `'error'`, and where the query leaves no room for a token of the text
 */
export function fitPairs(pairs: readonly RawPair[], contextTokens: number, overflow: Overflow) {
  const truncated: number[] = [];
  const inputs = pairs.map(({ tokens, types, secondBegin, secondEnd }, index): RankInput => {
    const excess = tokens.length - contextTokens;
    if (excess <= 0) return { tokens, types };
    if (overflow === 'error')
      throw tooLong(`texts.${index}`, `The query with text ${index}`, tokens.length, contextTokens);
    if (excess >= secondEnd - secondBegin) {
      const rest = tokens.length - (secondEnd - secondBegin);
      throw tooLong('query', 'The query', rest, contextTokens - 1, 'Shorten the query.');
    }
    truncated.push(index);
    const cut = (ids: Int32Array) => {
      const kept = ids.slice(0, contextTokens);
      kept.set(ids.subarray(secondEnd), secondEnd - excess);
      return kept;
    };
    return { tokens: cut(tokens), types: cut(types) };
  });
  return { inputs, truncated };
}

function tooLong(
  field: string,
  what: string,
  tokens: number,
  most: number,
  remedy = "Split the text, or have it cut where the call takes overflow: 'truncate'.",
): TriviumError {
  return new TriviumError('context-overflow', `${what} has ${tokens} tokens; the model takes ${most}.`, {
    field,
    expected: `at most ${most} tokens`,
    found: `${tokens} tokens`,
    remedy,
  });
}
