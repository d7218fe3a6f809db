/**
 * Which messages of a chat a model is shown: all of them, or the latest that fit. What leaves, leaves in pieces that a template
 * can do without: a turn with all that answers it, then of the last turn a round of tools with its results. Knows roles and
 * numbers of tokens, no tokenizer and no model.
 */

interface Message {
  readonly role: string;
}

export interface FittedTurns<One extends Message, Encoded> {
  messages: readonly One[];
  encoded: Encoded;
  /** Messages that are left out: the oldest ones that are not system messages. */
  dropped: number;
}

/**
 * Tokens of a context that are kept for an answer: room for it comes first, but no more than half of the context, for what was
 * said is worth as much.
 * @param maxTokens of the answer; where nobody says, a quarter of the context
 */
export const tokensForAnswer = (contextTokens: number, maxTokens: number | undefined): number =>
  Math.min(maxTokens ?? Math.floor(contextTokens / 4), Math.floor(contextTokens / 2));

export interface FitOptions {
  roomTokens: number;
  /** The share of the room that may be filled once messages leave, default 1. */
  shareKept?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Each encoding costs as much as its tokens, so few are made: the longer the tail of a chat, the more tokens it has.
 * @param encode renders and encodes messages
 * @returns the most messages that fit; where none do, the fewest that may be left
 * @throws the abort reason, and what `encode` throws
 */
export async function fitTurns<One extends Message, Encoded extends { tokens: { length: number } }>(
  messages: readonly One[],
  encode: (messages: readonly One[]) => Promise<Encoded>,
  { roomTokens, shareKept = 1, signal }: FitOptions,
): Promise<FittedTurns<One, Encoded>> {
  const fitted = async (kept: readonly One[]): Promise<FittedTurns<One, Encoded>> => {
    signal?.throwIfAborted();
    return { messages: kept, encoded: await encode(kept), dropped: messages.length - kept.length };
  };
  const whole = await fitted(messages);
  const cuts = cutsOf(messages);
  if (whole.encoded.tokens.length <= roomTokens || cuts.length === 0) return whole;
  const after = (cut: number) => fitted(messages.filter((message, index) => cuts[cut]!(message, index)));
  // The first cut behind which it fits, and what that leaves, once it is known to.
  let [low, high] = [0, cuts.length - 1];
  let found: FittedTurns<One, Encoded> | undefined;
  while (low < high) {
    const middle = (low + high) >> 1;
    const tried = await after(middle);
    if (tried.encoded.tokens.length <= roomTokens * shareKept) [high, found] = [middle, tried];
    else low = middle + 1;
  }
  return found ?? after(low);
}

type Cut = (message: Message, index: number) => boolean;

/**
 * What stays behind each cut, from the smallest to the largest. A turn ends where the next user message stands. Of the last
 * turn the question stays, and so does the last round of tools, from which the model is to go on.
 */
function cutsOf(messages: readonly Message[]): Cut[] {
  const places = (role: string, from: number) =>
    messages.flatMap((message, index) => (index >= from && message.role === role ? [index] : []));
  const first = messages.findIndex(({ role }) => role !== 'system');
  const turns = [first, ...places('user', first + 1)];
  const last = turns.at(-1)!;
  const rounds = places('assistant', last);
  return [
    ...turns.slice(1).map(
      (turn): Cut =>
        ({ role }, index) =>
          role === 'system' || index >= turn,
    ),
    ...rounds.slice(1).map(
      (round): Cut =>
        ({ role }, index) => {
          const isQuestion = index >= last && index < rounds[0]!;
          return role === 'system' || isQuestion || index >= round;
        },
    ),
  ];
}
