/**
 * One generation's events as parts of the AI SDK: reasoning, text and tool calls told apart, usage, log-probabilities and
 * the reason it ended. Streaming and whole answers both come from here. Starts and stops nothing.
 */
import type { GenerateEvent, GenerateUsage, NativeModel, Tokenizer } from '@trivium/native';
import type { ChatSettings } from './chat-settings.js';
import { createOutputSplitter, formatOfCalls } from './output-format/formats.js';
import type { OutputSplitter } from './output-format/output-event.js';
import { OutputParts } from './output-format/output-parts.js';
import { type TextFilter, unfiltered, withoutSpecialTokens } from './output-format/special-tokens.js';
import type { FinishReason, StreamPart, Usage } from './specification.js';

type Finish = Extract<GenerateEvent, { type: 'finish' }>;
type Token = Extract<GenerateEvent, { type: 'token' }>;

interface TokenLogprob {
  token: string;
  logprob: number;
  top: { token: string; logprob: number }[];
}

/** The markers of this call's formats that the tokenizer would leave out of the text as special tokens. */
export function specialMarkers(
  { format, toolNames }: Pick<ChatSettings, 'format' | 'toolNames'>,
  { specialTokens }: Pick<Tokenizer, 'specialTokens'>,
): string[] {
  const { reasoning } = format;
  const markers = [
    ...(reasoning ? [reasoning.open, reasoning.close] : []),
    ...(formatOfCalls(format, toolNames)?.markers ?? []),
  ];
  return markers.filter((marker) => specialTokens.includes(marker));
}

export class AnswerReader {
  readonly #model: NativeModel;
  readonly #filter: TextFilter;
  readonly #splitter: OutputSplitter;
  readonly #parts = new OutputParts();
  readonly #logprobs: TokenLogprob[] = [];
  #reasoningTokens = 0;

  /** @param promptText the end of the rendered prompt */
  constructor(model: NativeModel, settings: ChatSettings, promptText: string) {
    this.#model = model;
    const { specialTokens } = model.tokenizer;
    const kept = specialMarkers(settings, model.tokenizer);
    this.#filter = kept.length > 0 ? withoutSpecialTokens(specialTokens, kept) : unfiltered;
    this.#splitter = createOutputSplitter(settings.format, { promptText, toolNames: settings.toolNames });
  }

  /** The parts that became certain with this event; the last of a generation's is `finish`. */
  read(event: GenerateEvent): StreamPart[] {
    if (event.type === 'token') return this.#readToken(event);
    if (event.type === 'finish') return this.#readFinish(event);
    return [];
  }

  /** The generation failed: what is open is closed, and what was held back is not shown. */
  fail(error: unknown): StreamPart[] {
    const finishReason: FinishReason = { unified: 'error', raw: undefined };
    return [
      ...this.#parts.close(),
      { type: 'error', error },
      { type: 'finish', finishReason, usage: usageOf(undefined, this.#reasoningTokens) },
    ];
  }

  #readToken(event: Token): StreamPart[] {
    this.#collectLogprob(event);
    const before = this.#splitter.inReasoning;
    const text = this.#filter.push(event.text);
    const parts = text === '' ? [] : this.#parts.of(this.#splitter.push(text));
    // The marker that opens a block counts with it, and so does the one that closes it.
    if (before || this.#splitter.inReasoning) this.#reasoningTokens += 1;
    return parts;
  }

  #readFinish({ reason, stopMatch, usage }: Finish): StreamPart[] {
    const parts = this.#parts.of([...this.#splitter.push(this.#filter.finish()), ...this.#splitter.finish()]);
    parts.push(...this.#parts.close());
    const unified = reason === 'stop' && this.#parts.hasCalls ? 'tool-calls' : reason;
    return [
      ...parts,
      {
        type: 'finish',
        finishReason: { unified, raw: stopMatch ?? reason },
        usage: usageOf(usage, this.#reasoningTokens),
        providerMetadata: metadata(usage, this.#logprobs),
      },
    ];
  }

  #collectLogprob({ id, logprob, topLogprobs }: Token): void {
    if (logprob === undefined) return;
    const text = (token: number) => this.#model.tokenizer.decode([token], { skipSpecialTokens: false });
    this.#logprobs.push({
      token: text(id),
      logprob,
      top: (topLogprobs ?? []).map((other) => ({ token: text(other.id), logprob: other.logprob })),
    });
  }
}

function usageOf(usage: GenerateUsage | undefined, reasoningTokens: number): Usage {
  const { inputTokens = 0, cachedTokens = 0, outputTokens = 0 } = usage ?? {};
  const reasoning = Math.min(reasoningTokens, outputTokens);
  return {
    inputTokens: {
      total: inputTokens,
      noCache: inputTokens - cachedTokens,
      cacheRead: cachedTokens,
      cacheWrite: undefined,
    },
    outputTokens: { total: outputTokens, text: outputTokens - reasoning, reasoning },
  };
}

function metadata({ queueMs, prefillMs, decodeMs }: GenerateUsage, logprobs: readonly TokenLogprob[]) {
  return {
    trivium: {
      queueMs,
      prefillMs,
      decodeMs,
      ...(logprobs.length > 0 && {
        logprobs: logprobs.map(({ top, ...chosen }) => ({
          ...chosen,
          top: top.map((other) => ({ ...other })),
        })),
      }),
    },
  };
}
