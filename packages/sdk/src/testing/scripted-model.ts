/**
 * A deterministic language model for tests: answers from a script, one entry a call, streamed word by word, or calls tools. It
 * counts words as tokens, honours stop sequences, length and abort, and records the calls it was given.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import type {
  CallOptions,
  FinishReason,
  GenerateResult,
  SpecificationVersion,
  StreamPart,
  Usage,
} from '../provider/specification.js';

/** A turn that calls tools in place of an answer. */
export interface ScriptedToolCalls {
  toolCalls: readonly { toolName: string; input: unknown }[];
}

export type ScriptedTurn = string | ScriptedToolCalls;

export type Script = readonly ScriptedTurn[] | ((options: CallOptions, call: number) => ScriptedTurn);

type ToolCallPart = Extract<StreamPart, { type: 'tool-call' }>;

interface Turn {
  words: string[];
  toolCalls: ToolCallPart[];
  finishReason: FinishReason;
}

export interface ScriptedModelOptions<Version extends SpecificationVersion> {
  specification?: Version;
  modelId?: string;
  /** Pause before each piece, in milliseconds; 0 yields to the event loop. */
  wordDelayMs?: number;
  /** Words of one piece of a stream; default 1. */
  wordsPerDelta?: number;
}

export class ScriptedModel<Version extends SpecificationVersion = SpecificationVersion> {
  readonly specificationVersion: Version;
  readonly provider = 'trivium.scripted';
  readonly modelId: string;
  readonly supportedUrls: Record<string, RegExp[]> = {};
  readonly calls: CallOptions[] = [];
  readonly #script: Script;
  readonly #wordDelayMs: number;
  readonly #wordsPerDelta: number;

  constructor(script: Script, options: ScriptedModelOptions<Version> = {}) {
    this.#script = script;
    this.specificationVersion = options.specification ?? ('v4' as Version);
    this.modelId = options.modelId ?? 'scripted';
    this.#wordDelayMs = options.wordDelayMs ?? 0;
    this.#wordsPerDelta = options.wordsPerDelta ?? 1;
  }

  async doGenerate(options: CallOptions): Promise<GenerateResult> {
    const { words, toolCalls, finishReason } = this.#answer(options);
    options.abortSignal?.throwIfAborted();
    const text = words.join('');
    return {
      content: [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...toolCalls],
      finishReason,
      usage: usage(options, words.length),
      response: { id: `scripted-${this.calls.length}`, timestamp: new Date(0), modelId: this.modelId },
      warnings: [],
    };
  }

  async doStream(options: CallOptions): Promise<{ stream: ReadableStream<StreamPart> }> {
    const { words, toolCalls, finishReason } = this.#answer(options);
    options.abortSignal?.throwIfAborted();
    const { abortSignal } = options;
    const delay = this.#wordDelayMs;
    const id = 'text-0';
    let next = 0;
    const head: StreamPart[] = [
      { type: 'stream-start', warnings: [] },
      {
        type: 'response-metadata',
        id: `scripted-${this.calls.length}`,
        timestamp: new Date(0),
        modelId: this.modelId,
      },
    ];
    if (words.length > 0) head.push({ type: 'text-start', id });
    const stream = new ReadableStream<StreamPart>({
      start: (controller) => {
        for (const part of head) controller.enqueue(part);
      },
      pull: async (controller) => {
        // Rejects with an error of Node's own.
        const signal = abortSignal && { signal: abortSignal };
        await (delay > 0 ? setTimeout(delay, undefined, signal) : setImmediate()).catch(() => {});
        if (abortSignal?.aborted) {
          controller.error(abortSignal.reason);
          return;
        }
        if (next < words.length) {
          const delta = words.slice(next, next + this.#wordsPerDelta).join('');
          next += this.#wordsPerDelta;
          controller.enqueue({ type: 'text-delta', id, delta });
          return;
        }
        if (words.length > 0) controller.enqueue({ type: 'text-end', id });
        for (const part of toolCalls.flatMap(streamedCall)) controller.enqueue(part);
        controller.enqueue({ type: 'finish', finishReason, usage: usage(options, words.length) });
        controller.close();
      },
    });
    return { stream };
  }

  #answer(options: CallOptions): Turn {
    const call = this.calls.push(options) - 1;
    const script = this.#script;
    const whole = typeof script === 'function' ? script(options, call) : (script[call % script.length] ?? '');
    if (typeof whole !== 'string') {
      const toolCalls = whole.toolCalls.map(({ toolName, input }, index) => ({
        type: 'tool-call' as const,
        toolCallId: `call-${call}-${index}`,
        toolName,
        input: JSON.stringify(input),
      }));
      return { words: [], toolCalls, finishReason: { unified: 'tool-calls', raw: undefined } };
    }
    const stop = Math.min(
      ...(options.stopSequences ?? [])
        .filter((text) => text !== '')
        .map((text) => whole.indexOf(text))
        .filter((at) => at >= 0),
      whole.length,
    );
    const words = whole.slice(0, stop).match(/\s*\S+|\s+$/g) ?? [];
    const limit = options.maxOutputTokens ?? Number.POSITIVE_INFINITY;
    return words.length > limit
      ? { words: words.slice(0, limit), toolCalls: [], finishReason: { unified: 'length', raw: undefined } }
      : { words, toolCalls: [], finishReason: { unified: 'stop', raw: undefined } };
  }
}

function streamedCall(call: ToolCallPart): StreamPart[] {
  const { toolCallId: id, toolName, input } = call;
  return [
    { type: 'tool-input-start', id, toolName },
    { type: 'tool-input-delta', id, delta: input },
    { type: 'tool-input-end', id },
    call,
  ];
}

function usage(options: CallOptions, outputTokens: number): Usage {
  const inputTokens = JSON.stringify(options.prompt).split(/\s+/).length;
  return {
    inputTokens: { total: inputTokens, noCache: inputTokens, cacheRead: 0, cacheWrite: undefined },
    outputTokens: { total: outputTokens, text: outputTokens, reasoning: 0 },
  };
}

/**
 * @example
 * const model = scriptedModel(['The first answer.', 'The second.'], { specification: 'v3' });
 */
export function scriptedModel(script: Script, options?: ScriptedModelOptions<never>): ScriptedModel<'v4'>;
export function scriptedModel<Version extends SpecificationVersion>(
  script: Script,
  options: ScriptedModelOptions<Version>,
): ScriptedModel<Version>;
export function scriptedModel(
  script: Script,
  options?: ScriptedModelOptions<SpecificationVersion>,
): ScriptedModel {
  return new ScriptedModel(script, options);
}
