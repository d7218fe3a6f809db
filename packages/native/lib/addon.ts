/** The addon as C++ exports it. Only lib/ knows this; the public face is types.ts. */

export interface RawError {
  code: string;
  message: string;
  file?: string;
  field?: string;
  expected?: string;
  found?: string;
  remedy?: string;
}

export type RawEvent =
  | { request: number; kind: 'prefill-progress'; done: number; total: number }
  | { request: number; kind: 'token'; token: number; text: string; logprob?: number; top?: number[] }
  | { request: number; kind: 'values'; values: Float32Array }
  | {
      request: number;
      kind: 'finish';
      reason: 'stop' | 'length' | 'cancelled';
      stopMatch: string;
      inputTokens: number;
      cachedTokens: number;
      outputTokens: number;
      queueMs: number;
      prefillMs: number;
      decodeMs: number;
      maskMs: number;
    }
  | { request: number; kind: 'error'; error: RawError };

export interface RawGenerateRequest {
  tokens: Int32Array;
  maxTokens: number;
  temperature: number;
  topK: number;
  topP: number;
  minP: number;
  seed: number;
  repeatPenalty: number;
  frequencyPenalty: number;
  presencePenalty: number;
  /** `biases[i]` is added to the logit of `biasedTokens[i]`. */
  biasedTokens: Int32Array;
  biases: Float32Array;
  logprobs: number;
  stop: readonly string[];
  stopTokens: Int32Array;
  skipSpecialTokens: boolean;
  grammar?: RawGrammar;
}

export interface RawMatcher {
  readonly mayEnd: boolean;
  readonly maskMs: number;
  allowed(): Int32Array;
  accept(token: number): boolean;
  completion(): Int32Array | undefined;
}

export interface RawGrammar {
  readonly shortestTokens: number;
  matches(text: string): boolean;
  matcher(): RawMatcher;
}

/** `tokens` from `secondBegin` to `secondEnd` are the second text's; as many `types` as tokens. */
export interface RawPair {
  tokens: Int32Array;
  types: Int32Array;
  secondBegin: number;
  secondEnd: number;
}

export interface RawTokenizer {
  readonly vocabularySize: number;
  /** Here and below, `cancelled[0]`: set to 1 to give up. */
  encodeBatch(
    texts: readonly string[],
    addSpecial: boolean,
    parseSpecial: boolean,
    cancelled: Uint8Array,
  ): Promise<Int32Array[]>;
  /** `first` with each of the texts, as the template for two texts has them. */
  encodePairs(first: string, texts: readonly string[], cancelled: Uint8Array): Promise<RawPair[]>;
  encodeSpans(
    text: string,
    addSpecial: boolean,
    parseSpecial: boolean,
    cancelled: Uint8Array,
  ): Promise<Int32Array>;
  encodeSync(text: string, addSpecial: boolean, parseSpecial: boolean): Int32Array;
  decode(tokens: Int32Array, skipSpecial: boolean): string;
  tokenText(id: number): string;
  tokenBytes(id: number): Uint8Array;
  idOf(token: string): number;
  specialTokens(): string[];
  /** `description`: decode/grammar/description.h, as JSON. `cancelled[0]`: set to 1 to give up. */
  compileGrammar(description: string, cancelled: Uint8Array): Promise<RawGrammar>;
}

/** What a file says of itself, before lib/model-info.ts makes a ModelInfo of it. */
export interface RawDescription {
  path: string;
  container: 'gguf' | 'hugging-face';
  kind: 'causal' | 'encoder' | 'static-embedding' | 'cross-encoder';
  architecture: string;
  name: string;
  vocabularySize: number;
  width: number;
  layers: number;
  poolsPrompts: boolean;
  /** GGUF scalars. */
  metadata: Record<string, string | number | boolean>;
  /** Small JSON and Jinja files of a Hugging Face folder that exist, by name. */
  texts: Record<string, string>;
}

export interface RawModel {
  readonly description: RawDescription;
  readonly tokenizer: RawTokenizer;
  readonly contextTokens: number;
  readonly weightBytes: number;
  readonly isMapped: boolean;
  readonly backend: string;
  /** As that of its tokenizer. */
  compileGrammar(description: string, cancelled: Uint8Array): Promise<RawGrammar>;
  generate(request: RawGenerateRequest): number;
  embed(inputs: readonly Int32Array[], tokenRows: boolean): number;
  /** An empty list of types: all 0. */
  rank(inputs: readonly Int32Array[], types: readonly Int32Array[]): number;
  logits(tokens: Int32Array): number;
  cancel(request: number): void;
  pause(request: number): void;
  resume(request: number): void;
  dispose(): Promise<void>;
}

export interface RawInspection extends RawDescription {
  supported: boolean;
  reason?: string;
  parameters: number;
  fileBytes: number;
  contextTokens?: number;
  kvBytesPerToken?: number;
  kvType?: 'f16' | 'f32';
  weightBytes?: number;
  tensors: { name: string; dtype: string; shape: number[]; bytes: number }[];
}

/** Milliseconds a token, or a step that decodes a token of each of two sequences. */
export interface RawRehearsal {
  prefillMs: number;
  decodeMs: number;
  pairMs: number;
  weightBytes: number;
  multiplyAdds: number;
  spread: number;
}

export interface RawLoadOptions {
  contextTokens?: number;
  kvMemoryBytes?: number;
  maxSequences?: number;
  maxQueue?: number;
  prefillChunk?: number;
  backend?: string;
  quantize?: string;
  kvType?: string;
  activationBits?: number;
  packCache?: string | false;
}

export interface Addon {
  /** Once an environment: `receive` gets all events of one engine step for its requests. */
  initialize(receive: (events: RawEvent[]) => void): void;
  backend(): { name: string; threads: number };
  setThreads(threads: number): Promise<void>;
  stats(): Record<string, number>;
  inspect(path: string): Promise<RawInspection>;
  /** `cancelled[0]`: set to 1 to give up. */
  rehearse(path: string, cancelled: Uint8Array): Promise<RawRehearsal>;
  loadTokenizer(path: string): Promise<RawTokenizer>;
  /** `control[0]`: set to 1 to give up; `control[1]`: progress in thousandths, written by the loader. */
  loadModel(path: string, options: RawLoadOptions, control: Int32Array): Promise<RawModel>;
}
