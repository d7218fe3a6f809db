/**
 * How a model may write calls in its own format, as grammars: each call names a tool that there is and its arguments satisfy
 * that tool's schema. What formats share, and those of one object a call. Knows no chat template and no SDK.
 */
import type { GrammarSource } from '@trivium/native';

export interface CallableTool {
  readonly name: string;
  /** JSON Schema of its arguments. */
  readonly schema: unknown;
}

/** Markers of formats are text in one tokenizer and special tokens, which no text can spell, in another. */
export interface MarkerGrammars {
  mark(marker: string): GrammarSource;
  /** Any text up to and with the first marker. */
  until(marker: string): GrammarSource;
}

export interface CallGrammars {
  /** One call. */
  readonly call: GrammarSource;
  /** One call after another, and nothing else. */
  readonly calls: GrammarSource;
  /** Text, calls, or both: what begins a call is one. */
  readonly answer: GrammarSource;
}

export function markerGrammars(specialTokens: readonly string[]): MarkerGrammars {
  const mark = (marker: string): GrammarSource =>
    specialTokens.includes(marker) ? { type: 'special', token: marker } : literal(marker);
  return {
    mark,
    until: (marker) =>
      specialTokens.includes(marker)
        ? sequence({ type: 'text-without', marker }, mark(marker))
        : { type: 'text-until', marker },
  };
}

export const sequence = (...parts: GrammarSource[]): GrammarSource => ({ type: 'sequence', parts });
export const anyOf = (...parts: GrammarSource[]): GrammarSource => ({ type: 'any-of', parts });
export const regex = (pattern: string): GrammarSource => ({ type: 'regex', pattern });
export const literal = (text: string): GrammarSource => ({ type: 'literal', text });
export const repeat = (part: GrammarSource): GrammarSource => ({ type: 'repeat', part });
export const optional = (part: GrammarSource): GrammarSource => ({ type: 'repeat', part, most: 1 });

/** The arguments of a tool, and nothing else. */
export const argumentsOf = ({ name, schema }: CallableTool): GrammarSource => ({
  type: 'json-schema',
  schema,
  name: `tool ${name}`,
});

/**
 * `{"name": "…", "<key>": …}` for one of the tools, with or without spaces.
 * @param behind what may stand behind the arguments
 */
export function callObject(
  tools: readonly CallableTool[],
  key: string,
  behind: GrammarSource = literal('}'),
): GrammarSource {
  const one = (tool: CallableTool): GrammarSource =>
    sequence(
      regex('\\{"name": ?'),
      literal(JSON.stringify(tool.name)),
      regex(`, ?"${key}": ?`),
      argumentsOf(tool),
      behind,
    );
  return anyOf(...tools.map(one));
}

export function hermesCallGrammars(
  tools: readonly CallableTool[],
  { mark, until }: MarkerGrammars,
): CallGrammars {
  const open = '<tool_call>';
  const rest = sequence(regex('\\n?'), callObject(tools, 'arguments'), regex('\\n?'), mark('</tool_call>'));
  const call = sequence(mark(open), rest);
  return {
    call,
    calls: sequence(call, repeat(sequence(regex('\\n?'), call))),
    answer: sequence(repeat(sequence(until(open), rest)), { type: 'text-without', marker: open }),
  };
}

export function llamaCallGrammars(tools: readonly CallableTool[], { mark }: MarkerGrammars): CallGrammars {
  const tag = '<|python_tag|>';
  const object = callObject(tools, 'parameters');
  const call = anyOf(object, sequence(mark(tag), object));
  const calls = sequence(call, repeat(sequence(regex('; ?'), object)));
  // An object whose first key is one of a call's is a call; other JSON is text.
  const text = regex(
    '(?!\\s*\\{\\s*"(?:name|parameters|arguments|type|function)")(?![\\s\\S]*<\\|python_tag\\|>)[\\s\\S]*',
  );
  return { call, calls, answer: anyOf(calls, text) };
}
