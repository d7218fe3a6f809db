/**
 * What a call asks of the chat template: tools, thinking, and how its answer will be told apart. Says in warnings what
 * the template has no word for. Knows no tokens and no messages.
 */
import type { ModelInfo } from '@trivium/native';
import type { ReasoningKey } from './chat-messages.js';
import { templateFor } from './chat-template.js';
import type { TriviumLanguageModelOptions } from './options.js';
import { type OutputFormat, outputFormatOf } from './output-format/formats.js';
import type { CallOptions, CallWarning } from './specification.js';

/** The part of a call that the prompt depends on beside its messages. */
export type ChatCall = Pick<CallOptions, 'tools' | 'toolChoice' | 'reasoning' | 'providerOptions'>;

export interface ChatSettings {
  format: OutputFormat;
  /** Names of the tools that the template is given; empty where there are none or the format is unknown. */
  toolNames: ReadonlySet<string>;
  tools: readonly FunctionTool[];
  /** Where the template takes the reasoning of earlier turns. */
  reasoningKey: ReasoningKey | undefined;
  /** Variables of the template beside the messages. */
  variables: Record<string, unknown>;
  warnings: CallWarning[];
}

export interface FunctionTool {
  type: 'function';
  name: string;
  description?: string;
  inputSchema?: Record<string, unknown>;
  inputExamples?: readonly unknown[];
  strict?: boolean;
}

/** A base model is one, and so is a chat model whose file has lost its template. */
export const withoutTemplate = {
  type: 'other',
  message: 'This model has no chat template: it continues the text of the messages.',
} as const satisfies CallWarning;

export function readChatSettings(
  call: ChatCall,
  extra: TriviumLanguageModelOptions,
  info: Pick<ModelInfo, 'chatTemplate' | 'toolTemplate'>,
): ChatSettings {
  const warnings: CallWarning[] = info.chatTemplate === undefined ? [withoutTemplate] : [];
  const tools = readTools(call, outputFormatOf(templateFor(info, true)), extra.grammar === 'off', warnings);
  const template = templateFor(info, tools.length > 0);
  const format = outputFormatOf(template);
  const thinking = readThinking(call, extra, { template: template ?? '', format }, warnings);
  return {
    format,
    toolNames: new Set(tools.map(({ name }) => name)),
    tools,
    reasoningKey: reasoningKeyOf(template ?? ''),
    variables: { ...(tools.length > 0 && { tools: tools.map(templateTool) }), ...thinking },
    warnings,
  };
}

function readTools(
  { tools = [], toolChoice }: ChatCall,
  format: OutputFormat,
  unconstrained: boolean,
  warnings: CallWarning[],
): FunctionTool[] {
  const choice = toolChoice as { type: string; toolName?: string } | undefined;
  if (tools.length === 0 || choice?.type === 'none') return [];
  if (!format.tools) {
    warnings.push({
      type: 'unsupported',
      feature: 'tools',
      details: 'The chat template of this model has no form for tools that is known here.',
    });
    return [];
  }
  const unsupported = (feature: string, details: string) =>
    warnings.push({ type: 'unsupported', feature, details });
  if (unconstrained && (choice?.type === 'required' || choice?.type === 'tool')) {
    const wanted = choice.type === 'tool' ? `"${choice.toolName}"` : 'a tool';
    unsupported('toolChoice', `The model is not constrained to call ${wanted}.`);
  }
  return (tools as (FunctionTool | { type: 'provider'; id: string })[]).filter(
    (tool): tool is FunctionTool => {
      if (tool.type !== 'function') {
        unsupported(`tool ${tool.id}`, 'Tools of other providers do not run here.');
        return false;
      }
      if (tool.strict && unconstrained)
        unsupported(`strict of tool ${tool.name}`, 'Arguments are not constrained to the schema.');
      if (tool.inputExamples?.length)
        unsupported(`inputExamples of tool ${tool.name}`, 'Chat templates have no place for them.');
      return true;
    },
  );
}

/** The shape that templates know from OpenAI's interface. */
function templateTool({ name, description = '', inputSchema = {} }: FunctionTool) {
  const { $schema: _, ...parameters } = inputSchema;
  return { type: 'function', function: { name, description, parameters } };
}

function reasoningKeyOf(template: string): ReasoningKey | undefined {
  if (template.includes('reasoning_content')) return 'reasoning_content';
  return /message(\.thinking\b|\[['"]thinking['"]\])/.test(template) ? 'thinking' : undefined;
}

/** How hard templates of gpt-oss can be told to think, by the words of the specification. */
const efforts: Record<string, 'low' | 'medium' | 'high'> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/** Variables of the template that say whether, or how hard, the model is to think. */
function readThinking(
  { reasoning }: ChatCall,
  { enableThinking }: TriviumLanguageModelOptions,
  { template, format }: { template: string; format: OutputFormat },
  warnings: CallWarning[],
): Record<string, unknown> {
  const level = reasoning === 'provider-default' ? undefined : reasoning;
  const wanted = enableThinking ?? (level === undefined ? undefined : level !== 'none');
  if (wanted === undefined) return {};
  const feature = enableThinking === undefined ? 'reasoning' : 'enableThinking';
  const warn = (type: 'compatibility' | 'unsupported', details: string) =>
    warnings.push({ type, feature, details });
  if (/\benable_thinking\b/.test(template)) {
    if (wanted && feature === 'reasoning')
      warn('compatibility', `The chat template switches thinking on and off; "${level}" means on.`);
    return { enable_thinking: wanted };
  }
  const effort = efforts[level ?? ''];
  if (/\breasoning_effort\b/.test(template) && wanted) {
    if (effort !== undefined && effort !== level)
      warn('compatibility', `The chat template knows low, medium and high; "${level}" means ${effort}.`);
    return effort === undefined ? {} : { reasoning_effort: effort };
  }
  // A model that cannot think does not need to be told not to.
  if (wanted || format.reasoning || format.tools?.frame)
    warn('unsupported', 'The chat template of this model has no switch for thinking.');
  return {};
}
