/** A chat as tokens that leave room for an answer, under the declared policy for those that do not fit. */
import type { NativeModel } from '@trivium/native';
import { TriviumError } from '@trivium/protocol';
import type { ChatMessage } from './chat-messages.js';
import { type EncodedChat, encodeChat } from './chat-template.js';
import { fitTurns, tokensForAnswer } from './fit-turns.js';
import type { TriviumLanguageModelOptions } from './options.js';

export interface EncodeWithinOptions {
  /** Of the template, as `encodeChat` takes them. */
  variables: Record<string, unknown>;
  overflow: TriviumLanguageModelOptions['overflow'];
  /** Of the answer, for which room is made where turns are dropped. */
  maxOutputTokens: number | undefined;
  signal: AbortSignal | undefined;
}

/**
 * At least one token is left to write; where messages may go, room for the answer, as far as what must stay leaves it. `dropped`:
 * messages that had to go, the oldest ones.
 * @throws TriviumError `context-overflow`, and as `encodeChat`; the abort reason
 */
export async function encodeWithin(
  model: NativeModel,
  messages: readonly ChatMessage[],
  { variables, overflow, maxOutputTokens, signal }: EncodeWithinOptions,
): Promise<EncodedChat & { dropped: number }> {
  const { contextTokens } = model.info;
  const encode = (some: readonly ChatMessage[]) => encodeChat(model, some, variables, signal);
  const room = { roomTokens: contextTokens - tokensForAnswer(contextTokens, maxOutputTokens), signal };
  const { encoded, dropped } =
    overflow === 'drop-oldest'
      ? await fitTurns(messages, encode, room)
      : { encoded: await encode(messages), dropped: 0 };
  if (encoded.tokens.length < contextTokens) return { ...encoded, dropped };
  throw tooLong(encoded.tokens.length, contextTokens, overflow);
}

const tooLong = (tokens: number, contextTokens: number, overflow: EncodeWithinOptions['overflow']) =>
  new TriviumError(
    'context-overflow',
    `The prompt has ${tokens} tokens; the context holds ${contextTokens}, one of them for the answer.`,
    {
      field: 'prompt',
      expected: `fewer than ${contextTokens} tokens`,
      found: `${tokens} tokens`,
      remedy:
        overflow === 'drop-oldest'
          ? 'Shorten what cannot be dropped, system messages and the last turn, or load the model with more contextTokens.'
          : "Shorten it, load the model with more contextTokens, or set overflow: 'drop-oldest'.",
    },
  );
