/**
 * What a whole answer may be, as one grammar: reasoning before it, then the JSON that was asked for, calls of the tools in
 * the model's own format, or text with calls in it. Knows formats by their rows only; compiles nothing.
 */
import type { GrammarSource, NativeModel } from '@trivium/native';
import { TriviumError } from '@trivium/protocol';
import type { ChatSettings } from './chat-settings.js';
import type { TriviumLanguageModelOptions } from './options.js';
import {
  anyOf,
  type MarkerGrammars,
  markerGrammars,
  regex,
  sequence,
} from './output-format/call-grammars.js';
import type { CallOptions } from './specification.js';

type AnswerCall = Pick<CallOptions, 'responseFormat' | 'toolChoice'>;

/**
 * The grammar that an answer to this call is held to; `undefined`: it is free.
 *
 * @param promptText the end of the rendered prompt, which may have opened a block of reasoning
 * @throws TriviumError `invalid-argument` where the call asks for two things that cannot be had together, `unsupported` where
 * it asks for a call of a tool and none is possible
 */
export function answerGrammar(
  call: AnswerCall,
  { grammar: asked }: Pick<TriviumLanguageModelOptions, 'grammar'>,
  settings: ChatSettings,
  { promptText, specialTokens }: { promptText: string; specialTokens: readonly string[] },
): GrammarSource | undefined {
  if (asked === 'off') return undefined;
  const markers = markerGrammars(specialTokens);
  const frame = settings.format.tools?.frame;
  const framed = (text: GrammarSource) => (frame ? frame(text, markers) : text);
  const answer = asked
    ? framed(plainGrammar(asked, call, settings))
    : contentGrammar(call, settings, markers, framed);
  return answer && withReasoning(answer, settings, markers, promptText);
}

/** A grammar of the caller's own says what the answer is: nothing else may. */
function plainGrammar(asked: GrammarSource, call: AnswerCall, { tools }: ChatSettings): GrammarSource {
  const other =
    call.responseFormat?.type === 'json' ? 'responseFormat' : tools.length > 0 ? 'tools' : undefined;
  if (other === undefined) return asked;
  throw new TriviumError(
    'invalid-argument',
    `A grammar of its own and ${other} cannot both say what the answer is.`,
    {
      field: 'providerOptions.trivium.grammar',
      remedy: `Leave out one of the two, or set toolChoice to 'none'.`,
    },
  );
}

function contentGrammar(
  { responseFormat, toolChoice }: AnswerCall,
  { format, tools }: ChatSettings,
  markers: MarkerGrammars,
  framed: (text: GrammarSource) => GrammarSource,
): GrammarSource | undefined {
  const json = responseFormat?.type === 'json' ? framed(jsonGrammar(responseFormat.schema)) : undefined;
  const choice = toolChoice as { type: string; toolName?: string } | undefined;
  if (!format.tools || tools.length === 0) {
    if (choice?.type === 'required' || choice?.type === 'tool')
      throw noCallPossible(format.tools !== undefined);
    return json;
  }
  const callable = tools.map(({ name, inputSchema }) => ({
    name,
    schema: inputSchema ?? { type: 'object' },
  }));
  if (choice?.type === 'tool') {
    const chosen = callable.filter(({ name }) => name === choice.toolName);
    if (chosen.length > 0) return format.tools.grammars(chosen, markers).call;
    throw new TriviumError(
      'invalid-argument',
      `toolChoice names a tool that there is not: ${choice.toolName}.`,
      {
        field: 'toolChoice.toolName',
        found: choice.toolName,
        expected: callable.map(({ name }) => name).join(', '),
      },
    );
  }
  const { calls, answer } = format.tools.grammars(callable, markers);
  if (choice?.type === 'required') return calls;
  return json ? anyOf(json, calls) : answer;
}

/** A text in place of the call that was asked for would be taken for what the model chose. */
const noCallPossible = (templateKnowsTools: boolean) =>
  new TriviumError(
    'unsupported',
    templateKnowsTools
      ? 'toolChoice asks for a call, and this call has no tool that runs here.'
      : 'toolChoice asks for a call, and the chat template of this model has no form for tools that is known here.',
    {
      field: 'toolChoice',
      remedy: templateKnowsTools
        ? 'Give a tool, or leave toolChoice out.'
        : "Use a model whose template knows tools, such as hf:Qwen/Qwen3-4B-GGUF, or set toolChoice to 'auto' and read the warning.",
    },
  );

const jsonGrammar = (schema: unknown): GrammarSource => ({
  type: 'json-schema',
  schema: schema ?? { type: 'object' },
  name: 'responseFormat',
});

function withReasoning(
  answer: GrammarSource,
  { format: { reasoning }, variables }: ChatSettings,
  { mark, until }: MarkerGrammars,
  promptText: string,
): GrammarSource {
  if (!reasoning) return answer;
  const prompt = promptText.trimEnd();
  const rest = sequence(until(reasoning.close), regex('\\s{0,4}'), answer);
  if (prompt.endsWith(reasoning.open)) return rest;
  // The template has closed the block, or was told that there shall be none.
  if (prompt.endsWith(reasoning.close) || variables.enable_thinking === false) return answer;
  return anyOf(answer, sequence(mark(reasoning.open), rest));
}

/**
 * Compiles it, with errors that speak of the call.
 * @throws TriviumError `unsupported`, `invalid-argument`; the abort reason
 */
export async function compileAnswer(
  model: NativeModel,
  source: GrammarSource,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await model.compileGrammar(source, { signal });
  } catch (error) {
    if (!TriviumError.isInstance(error)) throw error;
    const inSchema = /\/schema(\/.*)?$/.exec(error.field ?? '');
    throw new TriviumError(error.code, error.message, {
      cause: error,
      field: inSchema ? `#${inSchema[1] ?? ''}` : error.field,
      found: error.found,
      expected: error.expected,
      remedy:
        `${error.remedy ?? ''} Or set providerOptions.trivium.grammar to 'off': then nothing is held to a schema.`.trim(),
    });
  }
}
