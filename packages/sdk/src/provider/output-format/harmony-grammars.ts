/**
 * Messages of the Harmony convention as grammars: reasoning and, where text is free, comments as long as the model likes, then
 * the final message or calls. The header of each, its recipient and the arguments are exact; how the last one ends is the tokenizer's affair.
 */
import type { GrammarSource } from '@trivium/native';
import {
  anyOf,
  argumentsOf,
  type CallableTool,
  type CallGrammars,
  literal,
  type MarkerGrammars,
  optional,
  regex,
  repeat,
  sequence,
} from './call-grammars.js';
import { harmony } from './harmony-messages.js';

/** Between one message's content and the next one's header; the prompt ends in the same words. */
const next = ({ mark }: MarkerGrammars) =>
  sequence(mark(harmony.end), mark(harmony.start), literal('assistant'));

/** Messages before the last one that are no calls. */
const before = ({ mark, until }: MarkerGrammars, channels = 'analysis|commentary'): GrammarSource =>
  repeat(
    sequence(
      mark(harmony.channel),
      regex(channels),
      mark(harmony.message),
      until(harmony.end),
      mark(harmony.start),
      literal('assistant'),
    ),
  );

/** What the content is made of may follow the channel, marked or not. */
const contentType = ({ mark }: MarkerGrammars): GrammarSource =>
  optional(anyOf(literal(' json'), sequence(regex(' ?'), mark(harmony.constrain), literal('json'))));

/** A final message that holds `content`. */
function final(content: GrammarSource, markers: MarkerGrammars): GrammarSource {
  const { mark } = markers;
  return sequence(
    mark(harmony.channel),
    literal('final'),
    contentType(markers),
    mark(harmony.message),
    content,
  );
}

/** An answer whose text is `content` and nothing else: comments are text too, so only reasoning may stand before it. */
export const harmonyFinal = (content: GrammarSource, markers: MarkerGrammars): GrammarSource =>
  sequence(before(markers, 'analysis'), final(content, markers));

/** The recipient stands with the role or behind the channel: models write both. */
export function harmonyGrammars(tools: readonly CallableTool[], markers: MarkerGrammars): CallGrammars {
  const { mark } = markers;
  const channel = sequence(mark(harmony.channel), regex('commentary|analysis'));
  const one = (tool: CallableTool): GrammarSource => {
    const recipient = literal(` to=functions.${tool.name}`);
    return sequence(
      anyOf(sequence(recipient, channel), sequence(channel, recipient)),
      contentType(markers),
      mark(harmony.message),
      argumentsOf(tool),
    );
  };
  const message = anyOf(...tools.map(one));
  const more = repeat(sequence(next(markers), message));
  const text: GrammarSource = { type: 'text-without', marker: harmony.end };
  const calls = sequence(before(markers), message, more);
  return {
    call: sequence(before(markers), message),
    calls,
    answer: anyOf(sequence(before(markers), final(text, markers)), calls),
  };
}
