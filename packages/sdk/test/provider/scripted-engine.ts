/**
 * An engine that plays back answers: a NativeModel whose tokens are characters and special tokens, so that tests see what
 * a prompt is encoded to and decide where an answer is cut. Behaves as the engine does: usage, stop tokens, length, abort.
 */
import assert from 'node:assert/strict';
import type {
  GenerateEvent,
  GenerateOptions,
  GrammarSource,
  NativeModel,
  SamplingDefaults,
  Tokenizer,
} from '@trivium/native';
import { TriviumLanguageModel } from '../../src/provider/language-model.js';
import type { SpecificationVersion } from '../../src/provider/specification.js';

/** The texts of an answer's tokens, or a whole text that is cut into them. */
export type Answer = string | readonly string[];

export interface ScriptedEngineSettings {
  chatTemplate?: string;
  /** Another template for calls with tools. */
  toolTemplate?: string;
  specialTokens?: readonly string[];
  /** The special token that ends every answer, `<|end|>` unless told otherwise. */
  endToken?: string;
  answers: readonly Answer[];
  contextTokens?: number;
  /** What the model's file says of sampling. */
  sampling?: SamplingDefaults;
  /** Breaks a generation off behind so many tokens. */
  failAfterTokens?: number;
}

const firstSpecial = 0x110000;

function scriptedTokenizer(specialTokens: readonly string[]): Tokenizer {
  const idOf = (token: string) => {
    const index = specialTokens.indexOf(token);
    return index < 0 ? undefined : firstSpecial + index;
  };
  const tokenText = (id: number) =>
    id >= firstSpecial ? (specialTokens[id - firstSpecial] ?? '') : String.fromCodePoint(id);
  const encodeSync: Tokenizer['encodeSync'] = (text, { parseSpecialTokens = false } = {}) => {
    const ids: number[] = [];
    for (let at = 0; at < text.length; ) {
      const special = parseSpecialTokens
        ? specialTokens.find((token) => text.startsWith(token, at))
        : undefined;
      const token = special ?? String.fromCodePoint(text.codePointAt(at)!);
      ids.push(idOf(special ?? '') ?? text.codePointAt(at)!);
      at += token.length;
    }
    return Int32Array.from(ids);
  };
  return {
    vocabularySize: firstSpecial + specialTokens.length,
    specialTokens,
    encodeSync,
    encode: async (text, options) => encodeSync(text, options),
    encodeBatch: async (texts, options) => texts.map((text) => encodeSync(text, options)),
    encodeSpans: () => Promise.reject(new Error('not scripted')),
    decode: (tokens) => Array.from(tokens, tokenText).join(''),
    tokenText,
    tokenBytes: (id) => Buffer.from(tokenText(id)),
    idOf,
    compileGrammar: () => Promise.reject(new Error('not scripted')),
  };
}

export class ScriptedEngine {
  readonly model: NativeModel;
  /** The requests so far. */
  readonly requests: GenerateOptions[] = [];
  /** The grammars that were asked for. */
  readonly grammars: GrammarSource[] = [];
  /** Requests that were ended before their answer was. */
  cancelled = 0;
  readonly #settings: ScriptedEngineSettings;
  readonly #specialTokens: readonly string[];
  readonly #endToken: string;

  constructor(settings: ScriptedEngineSettings) {
    this.#settings = settings;
    this.#endToken = settings.endToken ?? '<|end|>';
    this.#specialTokens = [this.#endToken, ...(settings.specialTokens ?? [])];
    const tokenizer = scriptedTokenizer(this.#specialTokens);
    const refuse = () => Promise.reject(new Error('not scripted'));
    this.model = {
      info: {
        kind: 'causal',
        architecture: 'scripted',
        name: 'scripted',
        path: 'scripted.gguf',
        contextTokens: settings.contextTokens ?? 32_768,
        vocabularySize: tokenizer.vocabularySize,
        width: 1,
        layers: 1,
        weightBytes: 0,
        packed: 'made',
        ...(settings.chatTemplate !== undefined && { chatTemplate: settings.chatTemplate }),
        ...(settings.toolTemplate !== undefined && { toolTemplate: settings.toolTemplate }),
        ...(settings.sampling && { sampling: settings.sampling }),
        stopTokens: [firstSpecial],
        backend: 'scripted',
      },
      tokenizer,
      // Answers are played back whatever they are held to; tests look at what that was.
      compileGrammar: async (source) => {
        this.grammars.push(source);
        return { shortestTokens: 0, matches: () => true, matcher: () => assert.fail('not scripted') };
      },
      generate: (options) => this.#generate(options),
      embed: refuse,
      embedTokens: refuse,
      rank: refuse,
      rankTokens: refuse,
      logits: refuse,
      dispose: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }

  /** The text of the prompt of a request, the last one unless told otherwise. */
  prompt(request = this.requests.at(-1)!): string {
    return this.model.tokenizer.decode(request.tokens);
  }

  languageModel<Version extends SpecificationVersion>(version: Version): TriviumLanguageModel<Version> {
    return new TriviumLanguageModel('scripted', version, { get: async () => this.model });
  }

  async *#generate(options: GenerateOptions): AsyncGenerator<GenerateEvent, undefined, undefined> {
    const { answers, failAfterTokens } = this.#settings;
    const answer = answers[(this.requests.push(options) - 1) % answers.length] ?? '';
    const texts = [
      ...(typeof answer === 'string'
        ? (answer.match(/<\|?\/?\w+\|?>|\s*[^\s<]{1,3}|\s+|./gsu) ?? [])
        : answer),
    ];
    const usage = {
      inputTokens: options.tokens.length,
      cachedTokens: 0,
      queueMs: 0,
      prefillMs: 0,
      decodeMs: 0,
      maskMs: 0,
    };
    const finish = (reason: 'stop' | 'length', outputTokens: number): GenerateEvent => ({
      type: 'finish',
      reason,
      usage: { ...usage, outputTokens },
    });
    let ended = false;
    try {
      yield { type: 'prefill-progress', done: usage.inputTokens, total: usage.inputTokens };
      for (const [index, text] of [...texts, this.#endToken].entries()) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        options.signal?.throwIfAborted();
        if (index === failAfterTokens) throw new Error('The engine broke off.');
        const id = this.model.tokenizer.idOf(text) ?? 0;
        const stops = (options.stopTokens ?? this.model.info.stopTokens).includes(id);
        const hidden = stops || (id >= firstSpecial && options.skipSpecialTokens !== false);
        yield { type: 'token', id, text: hidden ? '' : text };
        ended = stops || index + 1 === options.maxTokens;
        if (!ended) continue;
        yield finish(stops ? 'stop' : 'length', index + 1);
        return undefined;
      }
    } finally {
      if (!ended) this.cancelled += 1;
    }
    return undefined;
  }
}
