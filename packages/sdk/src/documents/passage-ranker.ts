/**
 * Reads the best passages together with the query, by a cross-encoder: what answers a question is told from what only
 * speaks of the same things. Refuses to know: how passages were found, what else their scores are made of.
 */
import type { NativeModel, RankInput } from '@trivium/native';
import { largest, matchTokens, type TokenEmbedder } from './token-matches.js';

export interface RankedPassage {
  /** Title and headings above it, as one line. */
  above: string;
  text: string;
}

/** Scores passages against a query: one value each, a logit. The larger, the better it answers. */
export interface PassageRanker {
  rank(
    query: string,
    passages: readonly RankedPassage[],
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Float32Array>;
  dispose?(): Promise<void>;
}

/**
 * Any cross-encoder: pairs as its tokenizer has them.
 * @param onCut told where it read the beginnings of passages alone, by how many tokens it reads
 */
export function pairRanker(model: NativeModel, onCut?: (contextTokens: number) => void): PassageRanker {
  return {
    rank: async (query, passages, { signal } = {}) => {
      const texts = passages.map(({ above, text }) => `${above}\n${text}`);
      const { scores, truncated } = await model.rank(query, texts, { overflow: 'truncate', signal });
      if (truncated.length > 0) onCut?.(model.info.contextTokens);
      return scores;
    },
    dispose: () => model.dispose(),
  };
}

/** Tokens of an input and its parts at most, as in training (`rank_model.py` in the recipe of `@trivium/nano`). */
export const largestInput = { query: 40, above: 24, whole: 256 } as const;
/** What stands first, where the score is read; its type, 0, tells it from the same token elsewhere. */
const firstToken = 0;
/** Upper ends of the steps of a match, and of the share of passages that meet a token of the query. */
const matchSteps = [0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 0.999];
const shareSteps = [0.15, 0.4, 0.8];
const met = 0.6;
const matchTypes = matchSteps.length + 1;
const shareTypes = shareSteps.length + 1;
const aboveType = 1 + matchTypes * shareTypes;
const textType = aboveType + matchTypes;

/**
 * The cross-encoder of `@trivium/nano`. Its token types say how well a token is met on the other side by the static vectors
 * of `embedder`, and how many of the passages meet one of the query: a small model need not learn what the vectors know.
 * Both models have one tokenizer. `passagesAtOnce` as in `MatchOptions`.
 */
export function matchRanker(
  model: NativeModel,
  embedder: TokenEmbedder,
  passagesAtOnce?: number,
): PassageRanker {
  return {
    rank: async (query, passages, { signal } = {}) => {
      const texts = [...passages.map(({ above }) => above), ...passages.map(({ text }) => text)];
      const [encoded, matches] = await Promise.all([
        model.tokenizer.encodeBatch([query, ...texts]),
        matchTokens(embedder, query, texts, { signal, ...(passagesAtOnce && { passagesAtOnce }) }),
      ]);
      const asked = encoded[0]!.subarray(0, largestInput.query);
      const part = (at: number) => ({ tokens: encoded[at + 1]!, best: matches.best[at]! });
      const parts = passages.map((_, at) => ({ above: part(at), text: part(passages.length + at) }));
      const likest = passages.map((_, at) =>
        largest(encoded[0]!.length, matches.blocks[at]!, matches.blocks[passages.length + at]!),
      );
      const shares = Array.from(asked, (_, token) =>
        step(likest.filter((cosines) => cosines[token]! >= met).length / passages.length, shareSteps),
      );
      const inputs = parts.map(({ above, text }, at): RankInput => {
        const input = new InputBuilder();
        input.add([firstToken], () => 0);
        input.add(asked, (token) => 1 + step(likest[at]![token]!, matchSteps) * shareTypes + shares[token]!);
        const skipped = Math.max(0, above.tokens.length - largestInput.above);
        input.add(
          above.tokens.subarray(skipped),
          (i) => aboveType + step(above.best[skipped + i]!, matchSteps),
        );
        input.add(text.tokens, (i) => textType + step(text.best[i]!, matchSteps));
        return input.finish();
      });
      return model.rankTokens(inputs, signal ? { signal } : {});
    },
    dispose: () => model.dispose(),
  };
}

class InputBuilder {
  readonly #tokens: number[] = [];
  readonly #types: number[] = [];

  add(tokens: ArrayLike<number>, typeAt: (index: number) => number): void {
    for (let i = 0; i < tokens.length && this.#tokens.length < largestInput.whole; i++) {
      this.#tokens.push(tokens[i]!);
      this.#types.push(typeAt(i));
    }
  }

  finish(): RankInput {
    return { tokens: Int32Array.from(this.#tokens), types: Int32Array.from(this.#types) };
  }
}

/** How many of the ascending ends a value is above. */
function step(value: number, ends: readonly number[]): number {
  const at = ends.findIndex((end) => value <= end);
  return at < 0 ? ends.length : at;
}
