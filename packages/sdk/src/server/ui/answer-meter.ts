/** Times one answer as its chunks pass, and says at its end what it took. Knows chunks by their types alone. */
import type { TriviumDataPart } from '@trivium/protocol';

interface Usage {
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  cachedInputTokens?: number | undefined;
  inputTokenDetails?: { cacheReadTokens?: number | undefined } | undefined;
}

const isOutput = (type: string) => ['text-delta', 'reasoning-delta', 'tool-input-delta'].includes(type);

export class AnswerMeter {
  readonly #model: string;
  readonly #startedMs = performance.now();
  #firstMs: number | undefined;

  constructor(model: string) {
    this.#model = model;
  }

  see(type: string): void {
    if (isOutput(type)) this.#firstMs ??= performance.now();
  }

  part({ inputTokens, outputTokens, cachedInputTokens, inputTokenDetails }: Usage): TriviumDataPart {
    const endedMs = performance.now();
    const first = this.#firstMs;
    const cachedTokens = inputTokenDetails?.cacheReadTokens ?? cachedInputTokens;
    return {
      type: 'data-trivium-usage',
      id: 'usage',
      data: {
        model: this.#model,
        ...(inputTokens !== undefined && { inputTokens }),
        ...(outputTokens !== undefined && { outputTokens }),
        ...(cachedTokens !== undefined && { cachedTokens }),
        ...(first !== undefined && { firstTokenMs: first - this.#startedMs }),
        ms: endedMs - this.#startedMs,
        ...(first !== undefined &&
          (outputTokens ?? 0) > 1 &&
          endedMs > first && { tokensPerSecond: ((outputTokens! - 1) * 1000) / (endedMs - first) }),
      },
    };
  }
}
