/** Calls of the Mistral conventions as grammars: a list of objects behind one marker, or a marker and a name for each call. */
import type { GrammarSource } from '@trivium/native';
import {
  anyOf,
  argumentsOf,
  type CallableTool,
  type CallGrammars,
  callObject,
  literal,
  type MarkerGrammars,
  optional,
  regex,
  repeat,
  sequence,
} from './call-grammars.js';

const open = '[TOOL_CALLS]';
const id = '[0-9A-Za-z]{9}';

/** Text, and what stands behind each marker in it. */
const answerWith = (rest: GrammarSource, { until }: MarkerGrammars): GrammarSource =>
  sequence(repeat(sequence(until(open), rest)), { type: 'text-without', marker: open });

/** `[TOOL_CALLS] [{"name": …, "arguments": …, "id": …}, …]`; the id may be left out. */
export function mistralListGrammars(tools: readonly CallableTool[], markers: MarkerGrammars): CallGrammars {
  const object = callObject(tools, 'arguments', regex(`(, ?"id": ?"${id}")?\\}`));
  const one = sequence(regex(' ?\\['), object, literal(']'));
  const list = sequence(regex(' ?\\['), object, repeat(sequence(regex(', ?'), object)), literal(']'));
  return {
    call: sequence(markers.mark(open), one),
    calls: sequence(markers.mark(open), list),
    answer: answerWith(list, markers),
  };
}

/** `[TOOL_CALLS]name[CALL_ID]…[ARGS]{…}`, once for each call; the id may be left out. */
export function mistralNamedGrammars(tools: readonly CallableTool[], markers: MarkerGrammars): CallGrammars {
  const callId = optional(sequence(markers.mark('[CALL_ID]'), regex(id)));
  const rest = anyOf(
    ...tools.map((tool) => sequence(literal(tool.name), callId, markers.mark('[ARGS]'), argumentsOf(tool))),
  );
  const call = sequence(markers.mark(open), rest);
  return { call, calls: sequence(call, repeat(call)), answer: answerWith(rest, markers) };
}
