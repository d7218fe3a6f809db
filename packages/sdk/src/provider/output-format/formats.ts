/**
 * The output formats that are read here, one row each: how a chat template shows that it has one, and who splits the
 * answer by it. A new format is a new row and its splitter; nobody asks for a model's name.
 */
import {
  type CallableTool,
  type CallGrammars,
  hermesCallGrammars,
  llamaCallGrammars,
  type MarkerGrammars,
} from './call-grammars.js';
import { splitHermesCalls } from './hermes-calls.js';
import { splitLlamaCalls } from './llama-calls.js';
import type { OutputSplitter } from './output-event.js';
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
  readonly split: (toolNames: ReadonlySet<string>) => OutputSplitter;
  readonly grammars: (tools: readonly CallableTool[], markers: MarkerGrammars) => CallGrammars;
}

const reasoningFormats: readonly ReasoningFormat[] = [
  {
    name: 'think',
    isOf: (template) => template.includes('</think>'),
    open: '<think>',
    close: '</think>',
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
    split: splitLlamaCalls,
    grammars: llamaCallGrammars,
  },
];

export interface OutputFormat {
  readonly reasoning?: ReasoningFormat;
  readonly tools?: ToolFormat;
}

/** What a model's answers look like, by the source of its chat template. */
export function outputFormatOf(template: string | undefined): OutputFormat {
  if (template === undefined) return {};
  const reasoning = reasoningFormats.find(({ isOf }) => isOf(template));
  const tools = toolFormats.find(({ isOf }) => isOf(template));
  return { ...(reasoning && { reasoning }), ...(tools && { tools }) };
}

export interface SplitOptions {
  /** The end of the rendered prompt, which may have opened a block of reasoning. */
  promptText: string;
  /** Tools of the call; without any, their markers are text. */
  toolNames: ReadonlySet<string>;
}

/**
 * @example
 * const splitter = createOutputSplitter(outputFormatOf(template), { promptText: '', toolNames: new Set() });
 * splitter.push('<think>So?'); // [{ type: 'reasoning-delta', delta: 'So?' }]
 */
export function createOutputSplitter(
  { reasoning, tools }: OutputFormat,
  { promptText, toolNames }: SplitOptions,
): OutputSplitter {
  const answer = tools && toolNames.size > 0 ? tools.split(toolNames) : splitNothing();
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
