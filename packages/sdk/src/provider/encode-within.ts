/**
 * A chat as tokens that leave room for an answer, under the declared policy for those that do not fit. What goes, goes in
 * pieces that a template can do without: a turn with all that answers it, or a round of tools with its results.
 */
import type { NativeModel } from '@trivium/native';
import { TriviumError } from '@trivium/protocol';
import type { ChatMessage } from './chat-messages.js';
import { type EncodedChat, encodeChat } from './chat-template.js';
import type { TriviumLanguageModelOptions } from './options.js';
import type { CallWarning } from './specification.js';

/**
 * At least one token is left to write.
 * @throws TriviumError `context-overflow`, and as `encodeChat`
 */
export async function encodeWithin(
  model: NativeModel,
  messages: readonly ChatMessage[],
  variables: Record<string, unknown>,
  overflow: TriviumLanguageModelOptions['overflow'],
  warnings: CallWarning[],
): Promise<EncodedChat> {
  let kept = messages;
  for (;;) {
    const chat = await encodeChat(model, kept, variables);
    const { length } = chat.tokens;
    if (length < model.info.contextTokens) {
      const dropped = messages.length - kept.length;
      if (dropped > 0) {
        warnings.push({
          type: 'other',
          message: `${dropped} oldest messages were dropped to fit the context.`,
        });
      }
      return chat;
    }
    const fewer = overflow === 'drop-oldest' ? withoutOldest(kept) : undefined;
    if (!fewer) throw tooLong(length, model.info.contextTokens);
    kept = fewer;
  }
}

/**
 * The messages without the oldest turn, which ends where the next user message stands. Of the last turn, without its oldest
 * round of tools: its question stays, and so does what the model is to go on from. Nothing where nothing may go.
 */
function withoutOldest(messages: readonly ChatMessage[]): ChatMessage[] | undefined {
  const next = (role: string, from: number) =>
    messages.findIndex((message, index) => index >= from && message.role === role);
  const first = messages.findIndex(({ role }) => role !== 'system');
  let [from, to] = [first, next('user', first + 1)];
  if (to < 0) {
    from = next('assistant', first);
    to = from < 0 ? -1 : next('assistant', from + 1);
  }
  if (to < 0) return undefined;
  return messages.filter(({ role }, index) => role === 'system' || index < from || index >= to);
}

const tooLong = (tokens: number, contextTokens: number) =>
  new TriviumError(
    'context-overflow',
    `The prompt has ${tokens} tokens; the context holds ${contextTokens}, one of them for the answer.`,
    {
      field: 'prompt',
      expected: `fewer than ${contextTokens} tokens`,
      found: `${tokens} tokens`,
      remedy: "Shorten it, load the model with more contextTokens, or set overflow: 'drop-oldest'.",
    },
  );
