/**
 * Which turns of a conversation a model is shown: all of them, or the latest that leave room for an answer. Turns leave
 * whole, for a template may refuse an answer without its question. Knows counts of tokens, no tokenizer and no model.
 */
import { type ChatMessage, TriviumError } from '@trivium/protocol';

export interface FittedTurns {
  messages: ChatMessage[];
  /** Messages that are left out: the oldest ones that are not system messages. */
  dropped: number;
}

/** Once turns must leave, so many leave that the next few answers find the rest of the prompt in the prefix cache. */
const shareKept = 0.75;

/** @throws TriviumError `context-overflow` where the last turn alone does not fit */
export async function fitTurns(
  messages: readonly ChatMessage[],
  roomTokens: number,
  count: (messages: readonly ChatMessage[]) => Promise<number>,
): Promise<FittedTurns> {
  if ((await count(messages)) <= roomTokens) return { messages: [...messages], dropped: 0 };
  // A turn begins with a user message; what stands before the first belongs to it.
  const starts = messages.flatMap(({ role }, index) => (role === 'user' ? [index] : []));
  const from = (turn: number) =>
    messages.filter(({ role }, index) => role === 'system' || index >= starts[turn]!);
  const last = starts.length - 1;
  const fits = async (turn: number) => (await count(from(turn))) <= roomTokens * shareKept;
  // The earliest turn from which it fits: the longer the tail, the more tokens.
  let [low, high] = [Math.min(1, last), last];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await fits(middle)) high = middle;
    else low = middle + 1;
  }
  const kept = from(low);
  const tokens = await count(kept);
  if (tokens <= roomTokens) return { messages: kept, dropped: messages.length - kept.length };
  throw new TriviumError(
    'context-overflow',
    `The message has ${tokens} tokens; there is room for ${roomTokens}.`,
    {
      field: 'messages',
      expected: `at most ${roomTokens} tokens`,
      found: `${tokens} tokens`,
      remedy: 'Shorten it, lower maxTokens, or use a model with a longer context.',
    },
  );
}
