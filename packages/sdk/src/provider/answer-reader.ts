/**
 * One generation's events as parts of the AI SDK: reasoning, text and tool calls told apart, usage, log-probabilities and
 * the reason it ended. Streaming and whole answers both come from here. Starts and stops nothing.
 */
import type { GenerateEvent, GenerateUsage, NativeModel, Tokenizer } from '@trivium/native';
import type { ChatSettings } from './chat-settings.js';
import { createOutputSplitter, formatOfCalls } from './output-format/formats.js';
import { OutputParts } from './output-format/output-parts.js';
import { type StoppingSplitter, stopInText } from './output-format/stop-in-text.js';
import type { FinishReason, StreamPart, Usage } from './specification.js';
import { LogprobReader, type TokenLogprob } from './token-logprobs.js';

type Finish = Extract<GenerateEvent, { type: 'finish' }>;
type Token = Extract<GenerateEvent, { type: 'token' }>;

export interface AnswerReaderOptions {
  settings: Pick<ChatSettings, 'format' | 'toolNames'>;
  /** The end of the rendered prompt. */
  promptText: string;
  inputTokens: number;
  /** Sequences that end the text of the answer, where the engine does not look for them. */
  stop: readonly string[];
  /** A grammar lets the answer end in a whole call only, also where its length ends it. */
  isHeld: boolean;
}

export class AnswerReader {
  /** The last part has been given; the engine may still write. */
  isOver = false;
  readonly #options: AnswerReaderOptions;
  /** Markers of the formats that the engine leaves out of the text as special tokens, by id. */
  readonly #markers: ReadonlyMap<number, string>;
  readonly #splitter: StoppingSplitter;
  readonly #parts = new OutputParts();
  readonly #logprobs: LogprobReader;
  #outputTokens = 0;
  #reasoningTokens = 0;

  constructor(model: NativeModel, options: AnswerReaderOptions) {
    const { settings, promptText, stop } = options;
    this.#options = options;
    this.#markers = specialMarkers(settings, model.tokenizer);
    this.#logprobs = new LogprobReader(model.tokenizer);
    const { format, toolNames } = settings;
    this.#splitter = stopInText(createOutputSplitter(format, { promptText, toolNames }), stop);
  }

  /** The parts that became certain with this event; the last of a generation's is `finish`. */
  read(event: GenerateEvent): StreamPart[] {
    if (this.isOver) return [];
    if (event.type === 'token') return this.#readToken(event);
    if (event.type === 'finish') return this.#readFinish(event);
    return [];
  }

  /** The generation failed: what is open is closed, and what was held back is not shown. */
  fail(error: unknown): StreamPart[] {
    this.isOver = true;
    const finishReason: FinishReason = { unified: 'error', raw: undefined };
    return [
      ...this.#parts.close(),
      { type: 'error', error },
      { type: 'finish', finishReason, usage: this.#usageOf(undefined) },
    ];
  }

  #readToken(event: Token): StreamPart[] {
    this.#logprobs.read(event);
    this.#outputTokens += 1;
    const before = this.#splitter.inReasoning;
    const text = event.text + (this.#markers.get(event.id) ?? '');
    const parts = text === '' ? [] : this.#parts.of(this.#splitter.push(text));
    // The marker that opens a block counts with it, and so does the one that closes it.
    if (before || this.#splitter.inReasoning) this.#reasoningTokens += 1;
    return this.#splitter.stopMatch === undefined ? parts : [...parts, ...this.#end('stop', undefined)];
  }

  #readFinish({ reason, stopMatch, usage }: Finish): StreamPart[] {
    const parts = this.#parts.of(this.#splitter.finish());
    return [...parts, ...this.#end(reason, usage, stopMatch)];
  }

  /** @param usage as far as the engine has told it */
  #end(reason: Finish['reason'], usage: GenerateUsage | undefined, stopMatch?: string): StreamPart[] {
    this.isOver = true;
    const { hasCalls, endsInCall } = this.#parts;
    const match = this.#splitter.stopMatch ?? stopMatch;
    const isWhole = match !== undefined || reason === 'stop' || (this.#options.isHeld && endsInCall);
    const unified = hasCalls && isWhole ? 'tool-calls' : match === undefined ? reason : 'stop';
    return [
      ...this.#parts.close(),
      {
        type: 'finish',
        finishReason: { unified, raw: match ?? reason },
        usage: this.#usageOf(usage),
        providerMetadata: metadata(usage, this.#logprobs.logprobs),
      },
    ];
  }

  /** What was found in the cache the engine tells at its end alone. */
  #usageOf(usage: GenerateUsage | undefined): Usage {
    const { inputTokens = this.#options.inputTokens, cachedTokens } = usage ?? {};
    const outputTokens = usage?.outputTokens ?? this.#outputTokens;
    const reasoning = Math.min(this.#reasoningTokens, outputTokens);
    return {
      inputTokens: {
        total: inputTokens,
        noCache: cachedTokens === undefined ? undefined : inputTokens - cachedTokens,
        cacheRead: cachedTokens,
        cacheWrite: undefined,
      },
      outputTokens: { total: outputTokens, text: outputTokens - reasoning, reasoning },
    };
  }
}

/** They come with their tokens' ids; text that only spells one is text. */
function specialMarkers(
  { format, toolNames }: Pick<ChatSettings, 'format' | 'toolNames'>,
  { specialTokens, idOf }: Pick<Tokenizer, 'specialTokens' | 'idOf'>,
): ReadonlyMap<number, string> {
  const { reasoning } = format;
  const markers = [
    ...(reasoning ? [reasoning.open, reasoning.close] : []),
    ...(formatOfCalls(format, toolNames)?.markers ?? []),
  ];
  const special = markers.filter((marker) => specialTokens.includes(marker));
  return new Map(special.map((marker) => [idOf(marker)!, marker]));
}

function metadata(usage: GenerateUsage | undefined, logprobs: readonly TokenLogprob[]) {
  const { queueMs, prefillMs, decodeMs } = usage ?? {};
  return {
    trivium: {
      ...(queueMs !== undefined && { queueMs }),
      ...(prefillMs !== undefined && { prefillMs }),
      ...(decodeMs !== undefined && { decodeMs }),
      ...(logprobs.length > 0 && {
        logprobs: logprobs.map(({ top, ...chosen }) => ({
          ...chosen,
          top: top.map((other) => ({ ...other })),
        })),
      }),
    },
  };
}
