/**
 * The output formats that are read here, one row each: how a chat template shows that it has one, and who splits the
 * answer by it. A new format is a new row and its splitter; nobody asks for a model's name.
 */
import type { GrammarSource } from '@trivium/native';
import {
  type CallableTool,
  type CallGrammars,
  hermesCallGrammars,
  llamaCallGrammars,
  type MarkerGrammars,
} from './call-grammars.js';
import { harmonyFinal, harmonyGrammars } from './harmony-grammars.js';
import { harmony, splitHarmonyMessages } from './harmony-messages.js';
import { splitHermesCalls } from './hermes-calls.js';
import { splitLlamaCalls } from './llama-calls.js';
import { splitMistralCalls } from './mistral-calls.js';
import { mistralListGrammars, mistralNamedGrammars } from './mistral-grammars.js';
import type { OutputSplitter, SplitOptions } from './output-event.js';
import { type ReasoningMarkers, splitReasoning } from './reasoning-block.js';

export interface ReasoningFormat extends ReasoningMarkers {
  readonly name: string;
  readonly isOf: (template: string) => boolean;
}

export interface ToolFormat {
  readonly name: string;
  /** What the template must hold, and what it must not. */
  readonly isOf: (template: string) => boolean;
  readonly markers: readonly string[];
  /** Tokens that end a turn with calls, beside the model's own. */
  readonly stopTokens: readonly string[];
  /** The template takes one call a message and no text beside it. */
  readonly oneCallAMessage: boolean;
  /** The template refuses ids of calls that are not nine letters and digits. */
  readonly nineCharacterIds: boolean;
  /**
   * Text and reasoning have markup of this format too: it is read where there are no tools as well, and this is the grammar
   * of an answer with that text.
   */
  readonly frame?: (text: GrammarSource, markers: MarkerGrammars) => GrammarSource;
  readonly split: (options: SplitOptions) => OutputSplitter;
  readonly grammars: (tools: readonly CallableTool[], markers: MarkerGrammars) => CallGrammars;
}

const reasoningFormats: readonly ReasoningFormat[] = [
  {
    name: 'think',
    isOf: (template) => template.includes('</think>'),
    open: '<think>',
    close: '</think>',
  },
  {
    name: 'mistral-think',
    isOf: (template) => template.includes('[/THINK]'),
    open: '[THINK]',
    close: '[/THINK]',
  },
];

const toolFormats: readonly ToolFormat[] = [
  {
    name: 'hermes',
    // Formats with other words inside the same tag (XML of Qwen3-Coder, GLM-4.5) are not this one.
    isOf: (template) =>
      /\btools\b/.test(template) &&
      template.includes('<tool_call>') &&
      !/<function=|<arg_key>/.test(template),
    markers: ['<tool_call>', '</tool_call>'],
    stopTokens: [],
    oneCallAMessage: false,
    nineCharacterIds: false,
    split: splitHermesCalls,
    grammars: hermesCallGrammars,
  },
  {
    name: 'llama-3',
    isOf: (template) =>
      /\btools\b/.test(template) &&
      template.includes('<|start_header_id|>') &&
      (template.includes('<|python_tag|>') || /\\?"parameters\\?"\s*:/.test(template)),
    markers: ['<|python_tag|>'],
    stopTokens: ['<|eom_id|>'],
    oneCallAMessage: true,
    nineCharacterIds: false,
    split: splitLlamaCalls,
    grammars: llamaCallGrammars,
  },
  {
    name: 'mistral-named',
    isOf: (template) =>
      /\btools\b/.test(template) && template.includes('[TOOL_CALLS]') && template.includes('[ARGS]'),
    markers: ['[TOOL_CALLS]', '[CALL_ID]', '[ARGS]'],
    stopTokens: [],
    oneCallAMessage: false,
    nineCharacterIds: true,
    split: splitMistralCalls,
    grammars: mistralNamedGrammars,
  },
  {
    name: 'mistral-list',
    isOf: (template) => /\btools\b/.test(template) && template.includes('[TOOL_CALLS]'),
    markers: ['[TOOL_CALLS]'],
    stopTokens: [],
    oneCallAMessage: false,
    nineCharacterIds: true,
    split: splitMistralCalls,
    grammars: mistralListGrammars,
  },
  {
    name: 'harmony',
    isOf: (template) =>
      [harmony.start, harmony.channel, harmony.message].every((marker) => template.includes(marker)),
    markers: Object.values(harmony),
    stopTokens: [harmony.call, harmony.return],
    oneCallAMessage: true,
    nineCharacterIds: false,
    frame: harmonyFinal,
    split: splitHarmonyMessages,
    grammars: harmonyGrammars,
  },
];

export interface OutputFormat {
  readonly reasoning?: ReasoningFormat;
  readonly tools?: ToolFormat;
}

/** What a model's answers look like, by the source of its chat template. */
export function outputFormatOf(template: string | undefined): OutputFormat {
  if (template === undefined) return {};
  const tools = toolFormats.find(({ isOf }) => isOf(template));
  const reasoning = tools?.frame ? undefined : reasoningFormats.find(({ isOf }) => isOf(template));
  return { ...(reasoning && { reasoning }), ...(tools && { tools }) };
}

/** The format of calls that an answer is read by. */
export const formatOfCalls = (
  { tools }: OutputFormat,
  toolNames: ReadonlySet<string>,
): ToolFormat | undefined => (tools?.frame || toolNames.size > 0 ? tools : undefined);

/** Whether an answer has markup: what is told apart here, and not by the engine. */
export const hasMarkup = (format: OutputFormat, toolNames: ReadonlySet<string>): boolean =>
  format.reasoning !== undefined || formatOfCalls(format, toolNames) !== undefined;

/**
 * @example
 * const splitter = createOutputSplitter(outputFormatOf(template), { promptText: '', toolNames: new Set() });
 * splitter.push('<think>So?'); // [{ type: 'reasoning-delta', delta: 'So?' }]
 */
export function createOutputSplitter(format: OutputFormat, options: SplitOptions): OutputSplitter {
  const { reasoning } = format;
  const { promptText, toolNames } = options;
  const answer = formatOfCalls(format, toolNames)?.split(options) ?? splitNothing();
  if (!reasoning) return answer;
  return splitReasoning(reasoning, promptText.trimEnd().endsWith(reasoning.open), answer);
}

function splitNothing(): OutputSplitter {
  return {
    push: (delta) => (delta === '' ? [] : [{ type: 'text-delta', delta }]),
    finish: () => [],
    inReasoning: false,
  };
}
