/** A language model (V4) that answers with given parts: reasoning, text, calls whole or in pieces, failures. */
import type { AnyLanguageModel } from '../../src/base/ai-sdk.js';

export type ScriptedPart =
  | { type: 'text' | 'reasoning'; text: string }
  | { type: 'tool-call'; toolCallId: string; toolName: string; input: string; pieces?: string[] }
  | { type: 'failure'; error: unknown }
  /** Parts of a stream as they are, for calls that come between each other. */
  | { type: 'stream'; parts: object[] };

const usage = {
  inputTokens: { total: 10, noCache: 4, cacheRead: 6, cacheWrite: undefined },
  outputTokens: { total: 5, text: 3, reasoning: 2 },
};

export function scriptedParts(
  parts: readonly ScriptedPart[],
  unified: string,
  providerMetadata?: object,
  warnings: readonly object[] = [],
): AnyLanguageModel {
  const end = {
    finishReason: { unified, raw: unified },
    usage,
    ...(providerMetadata && { providerMetadata }),
  };
  return {
    specificationVersion: 'v4',
    provider: 'trivium.scripted',
    modelId: 'scripted-parts',
    supportedUrls: {},
    async doGenerate() {
      const failure = parts.find((part) => part.type === 'failure');
      if (failure) throw failure.error;
      return { content: parts.map((part) => ({ ...part })), ...end, warnings };
    },
    async doStream() {
      const streamed = parts.flatMap((part, index) => streamParts(part, String(index)));
      return {
        stream: new ReadableStream({
          start(controller) {
            controller.enqueue({ type: 'stream-start', warnings });
            for (const part of streamed) controller.enqueue(part);
            controller.enqueue({ type: 'finish', ...end });
            controller.close();
          },
        }),
      };
    },
  };
}

function streamParts(part: ScriptedPart, id: string): object[] {
  if (part.type === 'stream') return part.parts;
  if (part.type === 'failure') return [{ type: 'error', error: part.error }];
  if (part.type !== 'tool-call')
    return [
      { type: `${part.type}-start`, id },
      { type: `${part.type}-delta`, id, delta: part.text },
      { type: `${part.type}-end`, id },
    ];
  const { toolCallId, toolName, pieces, input } = part;
  const call = { type: 'tool-call', toolCallId, toolName, input };
  if (!pieces) return [call];
  return [
    { type: 'tool-input-start', id: toolCallId, toolName },
    ...pieces.map((delta) => ({ type: 'tool-input-delta', id: toolCallId, delta })),
    { type: 'tool-input-end', id: toolCallId },
    call,
  ];
}
