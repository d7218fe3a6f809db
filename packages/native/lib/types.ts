// The typed face of the engine: what @trivium/sdk codes against. No policy here: templates, overflow, retries and
// documents are the SDK's.

import type { CompileOptions, Grammar, GrammarSource } from './grammar-types.js';

export type LoadQuantization = 'q8_0' | 'q6_k' | 'q5_k' | 'q4_k' | 'q4_0';

export interface LoadModelOptions {
  /** Tokens a sequence may hold; default: the model's own context length. */
  contextTokens?: number;
  /** Upper bound of key/value memory in bytes, shared by all sequences. */
  kvMemoryBytes?: number;
  /** Sequences decoded at once (default 16, at most 1,024) and requests waiting (default 256); beyond that `busy`. */
  maxSequences?: number;
  maxQueue?: number;
  /**
   * Prompt tokens computed in one step, all requests together, default 256: smaller keeps running texts smoother while
   * prompts arrive, larger computes prompts sooner. More than 8,192 are as many. What is written does not depend on it.
   */
  prefillChunk?: number;
  /**
   * Who computes: `'cpu'` (default) is fast; `'ref'` is every operation as its definition, in double, on one thread and
   * many times slower, to compare with. Another name is `invalid-argument`.
   */
  backend?: 'cpu' | 'ref';
  /**
   * Holds plain weights (F32, F16, BF16) of the model's matrices in fewer bits, while loading: `'q8_0'` in 8.5, `'q6_k'` in
   * 6.6, `'q5_k'` in 5.5, `'q4_k'` and `'q4_0'` in 4.5 bits a weight. A token table that is also the head gets `'q8_0'`; rows
   * that a super-block of 256 does not divide take `'q8_0'` or `'q4_0'`. Default: as in the file. Another name is
   * `invalid-argument`.
   */
  quantize?: LoadQuantization;
  /**
   * How keys and values are held: `'q8_0'` takes 8.5 bits each and rounds them, for heads of a multiple of 32 channels
   * (else `unsupported`). Default: `'f32'` for F32 models, `'f16'` otherwise.
   */
  kvType?: 'f32' | 'f16' | 'q8_0';
  /**
   * Bits that activations keep where they meet quantized weights: 16 comes as close as f32 and multiplies twice, so a prompt
   * takes up to twice as long. Default: 16 for language models of at most 134 million weights, 8 for the others and for
   * embedding models. Another number is `invalid-argument`.
   */
  activationBits?: 8 | 16;
  /**
   * A folder that keeps packed weights of 64 MiB or more, so that the next load maps them instead of packing (and quantizing)
   * them again, and processes with the same model share their memory. The file is written once the model is ready, while it is
   * used; one that does not fit the model's files, these options and this machine's instruction set is not used, and nothing is
   * written where there is no room or no permission. The engine removes no file. Default: `false`, nothing is kept.
   */
  packCache?: string | false;
  /** Told shares from 0 to 1 as they rise, each once; 1 when the model is ready. */
  onProgress?: (share: number) => void;
  signal?: AbortSignal;
}

/** `'cross-encoder'`: reads two texts together and says how well one answers the other. */
export type ModelKind = 'causal' | 'encoder' | 'static-embedding' | 'cross-encoder';

/** Settings of {@link GenerateOptions} that a model's file asks for; what it does not say is left out. */
export interface SamplingDefaults {
  temperature?: number;
  topK?: number;
  topP?: number;
  minP?: number;
  repeatPenalty?: number;
}

export interface ModelInfo {
  kind: ModelKind;
  architecture: string;
  name: string;
  path: string;
  contextTokens: number;
  vocabularySize: number;
  /** Width of the residual stream; length of an embedding. */
  width: number;
  layers: number;
  weightBytes: number;
  /** How its packed weights came: `'mapped'` from a file of `packCache`, or `'made'` by this load. */
  packed: 'mapped' | 'made';
  /** Jinja source of the chat template, if the file has one. */
  chatTemplate?: string;
  /** Jinja source of the one for calls with tools, if the file has another for them (`tool_use`). */
  toolTemplate?: string;
  bosToken?: string;
  eosToken?: string;
  /**
   * Ids that end a generation: those that the files name, and of a GGUF file the special tokens by whose texts llama.cpp goes
   * (`<|im_end|>`, `<|endoftext|>`, …).
   */
  stopTokens: number[];
  /** What a GGUF file says in `general.sampling.*`; `generate` does not take it by itself. */
  sampling?: SamplingDefaults;
  /**
   * Token types of this cross-encoder say how well tokens match (GGUF key `trivium.token_matches`): it takes `rankTokens`, with
   * types that the caller made, and `rank` tells it nothing.
   */
  tokenMatches?: true;
  /** Prompts of a sentence-transformers folder, by name ("query", "passage"); `embed` does not put them before its texts. */
  prompts?: Readonly<Record<string, string>>;
  /** Name of the one of `prompts` that stands before texts for which no other is named. */
  defaultPrompt?: string;
  /**
   * Vectors of this model are made without the tokens of the prompt (`include_prompt: false` of sentence-transformers), which
   * `embed` cannot do: a text that a prompt stands before has another vector here than it was trained to have.
   */
  poolsPrompts?: false;
  backend: string;
}

export interface TokenizeOptions {
  /** What the post-processor adds (BOS, [CLS] … [SEP]); default true. */
  addSpecialTokens?: boolean;
  /** Let the text spell special tokens; default false: user text can never forge one. */
  parseSpecialTokens?: boolean;
}

export interface EncodeOptions extends TokenizeOptions {
  /** An abort rejects with its reason, and ends the work. */
  signal?: AbortSignal | undefined;
}

export interface Tokenizer {
  readonly vocabularySize: number;
  /** Off the event loop. */
  encode(text: string, options?: EncodeOptions): Promise<Int32Array>;
  encodeBatch(texts: readonly string[], options?: EncodeOptions): Promise<Int32Array[]>;
  /** Token ids with UTF-16 offsets into `text`: (id, start, end) triples. */
  encodeSpans(text: string, options?: EncodeOptions): Promise<Int32Array>;
  /** On the calling thread: for short texts. */
  encodeSync(text: string, options?: TokenizeOptions): Int32Array;
  decode(tokens: ArrayLike<number>, options?: { skipSpecialTokens?: boolean }): string;
  /** The texts of all special tokens. */
  readonly specialTokens: readonly string[];
  /** The vocabulary's entry as its file has it (`Ġthe`, `▁the`, `<0xE6>`). */
  tokenText(id: number): string;
  /**
   * The bytes of the answer that it stands for (` the`, `0xE6`), which need not be whole characters; none for an id that stands
   * for no token, as those have with which vocabularies are padded.
   */
  tokenBytes(id: number): Uint8Array;
  idOf(token: string): number | undefined;
  /** A grammar over this vocabulary, to check texts and follow them; a model generates under its own `compileGrammar`. */
  compileGrammar(source: GrammarSource, options?: CompileOptions): Promise<Grammar>;
}

export interface GenerateOptions {
  tokens: ArrayLike<number>;
  maxTokens: number;
  temperature?: number;
  topK?: number;
  topP?: number;
  minP?: number;
  seed?: number;
  /**
   * Divides the positive logits of every token of the prompt and of the text so far, and multiplies the negative ones
   * (CTRL's, `repetition_penalty` of transformers); above 0, default 1: off.
   */
  repeatPenalty?: number;
  /** Taken from a token's logit for each time it was generated (OpenAI's); any finite number, default 0. */
  frequencyPenalty?: number;
  /** Taken from a token's logit once it was generated (OpenAI's); any finite number, default 0. */
  presencePenalty?: number;
  /**
   * Added to the logits of tokens, by id; `-Infinity` forbids one. Ids outside the vocabulary reject with
   * `invalid-argument`.
   *
   * @example { [model.tokenizer.idOf('Ġthe')!]: -5 }
   */
  logitBias?: Readonly<Record<number, number>>;
  stop?: readonly string[];
  stopTokens?: readonly number[];
  /** Log-probability of each chosen token and of the n best. */
  logprobs?: number;
  skipSpecialTokens?: boolean;
  /**
   * The text satisfies it, whatever the sampler: tokens that it does not allow are no candidates, and when only the shortest
   * completion fits into `maxTokens`, that is written. It ends where nothing can follow, or with a stop token where the text
   * is complete. `invalid-argument` with field `maxTokens` when the shortest text does not fit. A source is compiled off the
   * event loop when the generation starts, and kept.
   *
   * @example grammar: { type: 'json-schema', schema: { type: 'object', properties: { age: { type: 'integer' } } } }
   */
  grammar?: GrammarSource | Grammar;
  signal?: AbortSignal;
}

/** What a request took. The three times follow one another: submitted, admitted, first token, last token. */
export interface GenerateUsage {
  /** Of the prompt; of these, `cachedTokens` were found computed. */
  inputTokens: number;
  cachedTokens: number;
  /** As many as there were `token` events. */
  outputTokens: number;
  /**
   * In milliseconds, from `generate`'s first `next` until the request was given one of the model's `maxSequences` places and
   * pages for its prompt. Not in it: what it waits for later, when it lost its pages to an older request.
   */
  queueMs: number;
  /** In milliseconds, from then until its first token, the time of other requests in the same steps included. */
  prefillMs: number;
  /** In milliseconds, from its first token to its last. */
  decodeMs: number;
  /** In milliseconds, of `decodeMs` and `prefillMs`: finding out which tokens the grammar allows; 0 without one. */
  maskMs: number;
}

export type GenerateEvent =
  | { type: 'prefill-progress'; done: number; total: number }
  | {
      type: 'token';
      id: number;
      /** Whole characters that became certain with this token; may be empty. */
      text: string;
      logprob?: number;
      topLogprobs?: { id: number; logprob: number }[];
    }
  | { type: 'finish'; reason: 'stop' | 'length'; stopMatch?: string; usage: GenerateUsage };

export interface EmbedOptions {
  /** What to do with an input longer than the context: default `'error'`. */
  overflow?: 'error' | 'truncate' | undefined;
  signal?: AbortSignal | undefined;
}

export interface EmbedResult {
  /** (inputs, width), row-major. A text without tokens has a row of zeros. */
  embeddings: Float32Array;
  width: number;
  inputTokens: number;
  /** Indices of inputs that were cut, only with `overflow: 'truncate'`. */
  truncated: number[];
}

export interface TokenRows {
  /** Rows of all inputs' tokens before pooling, (tokens, width), row-major. */
  rows: Float32Array;
  /** Rows of input i lie from `offsets[i]` to `offsets[i + 1]`. */
  offsets: Int32Array;
  width: number;
  truncated: number[];
}

/** One input of a cross-encoder: both texts and the special tokens around them. */
export interface RankInput {
  /** (tokens), at most `contextTokens`. */
  tokens: Int32Array;
  /** (tokens), rows of the model's table of token types; absent: all 0. */
  types?: Int32Array;
}

export interface RankResult {
  /** (texts): what the head says, a logit; its sigmoid lies between 0 and 1. */
  scores: Float32Array;
  inputTokens: number;
  /** Indices of texts that were cut, only with `overflow: 'truncate'`. */
  truncated: number[];
}

/** A loaded model. Every pending promise rejects with `disposed` when it is disposed of. */
export interface NativeModel extends AsyncDisposable {
  readonly info: ModelInfo;
  readonly tokenizer: Tokenizer;
  /**
   * Compiles off the event loop; the last 64 are kept by their source until `dispose`, with at most 256 MiB of what generations have
   * found out of them.
   * @throws TriviumError `unsupported` or `invalid-argument`, with the JSON pointer into the source as `field`; the abort reason
   */
  compileGrammar(source: GrammarSource, options?: CompileOptions): Promise<Grammar>;
  /** Rejects (or throws on first `next`) with a `TriviumError`; an abort rejects with the signal's reason. */
  generate(options: GenerateOptions): AsyncIterableIterator<GenerateEvent>;
  /**
   * Encoders and static embeddings. A text that has no tokens, as an empty one has none with static embeddings, has zeros for a
   * vector: the sum of nothing, as in sentence-transformers. Its cosine with any other is 0 by convention, not by division.
   */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<EmbedResult>;
  /** The same models, one row a token instead of one a text: what late interaction (ColBERT) compares. */
  embedTokens(texts: readonly string[], options?: EmbedOptions): Promise<TokenRows>;
  /**
   * Cross-encoders: how well each text answers the query. Each is read together with the query, as the tokenizer's template
   * for two texts has them; `overflow: 'truncate'` cuts the text and keeps the query.
   * @throws TriviumError `unsupported` for models of another kind, `context-overflow`; the abort reason
   * @example const { scores } = await model.rank('Who pays the rent?', ['The tenant pays.', 'The sun shines.'])
   */
  rank(query: string, texts: readonly string[], options?: EmbedOptions): Promise<RankResult>;
  /**
   * The same for tokens and token types that the caller made: (inputs) logits.
   * @throws TriviumError `unsupported` for models of another kind, `context-overflow`, `invalid-argument` for ids or types that
   * the model lacks and for another number of types than of tokens; the abort reason
   */
  rankTokens(inputs: readonly RankInput[], options?: { signal?: AbortSignal }): Promise<Float32Array>;
  /**
   * float32 logits of the last position, (vocabularySize).
   * @throws TriviumError `internal` when one is no finite number, as `generate` does; the abort reason
   */
  logits(tokens: ArrayLike<number>, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export interface EngineStats {
  liveSequences: number;
  queuedRequests: number;
  models: number;
  weightBytes: number;
  /** Of these, in mapped files: pages that all processes share, and that the system reads again where it needs the room. */
  mappedBytes: number;
  kvBytes: number;
  kvUsedBytes: number;
  /** From here on totals since the process began, of models that have been disposed of too. */
  steps: number;
  prefilledTokens: number;
  decodedTokens: number;
  /** Tokens that were chosen under a grammar, and the time that their masks took, in milliseconds. */
  maskedTokens: number;
  maskMs: number;
}

export interface InspectedTensor {
  name: string;
  dtype: string;
  shape: number[];
  bytes: number;
}

export interface InspectedModel {
  path: string;
  container: 'gguf' | 'hugging-face';
  architecture: string;
  /** Its architecture runs, its tokenizer is there, and the weights that it asks for are all there in types that are read. */
  supported: boolean;
  /** Why not, and what is. */
  reason?: string;
  /** Where it is supported. */
  kind?: ModelKind;
  name: string;
  parameters: number;
  fileBytes: number;
  contextTokens?: number;
  layers?: number;
  width?: number;
  vocabularySize?: number;
  /** Bytes of the weights once packed, and of keys and values per token. */
  weightBytes?: number;
  kvBytesPerToken?: number;
  /** Of these keys and values, where no other is asked for. */
  kvType?: 'f16' | 'f32';
  metadata: Record<string, string | number | boolean>;
  tensors: InspectedTensor[];
}

/** How fast a model is likely to run here, from timing a slice of it over blank weights. */
export interface Rehearsal {
  /** Milliseconds a token of a prompt of 512 tokens. */
  prefillMs: number;
  /** Milliseconds a token that is written after such a prompt, one sequence at a time. */
  decodeMs: number;
  /** Milliseconds of a step that writes a token of each of two sequences. */
  pairMs: number;
  /** Bytes of weights that a written token reads. */
  weightBytes: number;
  /** Multiply-adds that a prompt's token takes in matrices. */
  multiplyAdds: number;
  /** How much longer than the fastest run the median took, as a share: what else the machine does shows here. */
  spread: number;
}

export interface NativeEngine {
  loadModel(path: string, options?: LoadModelOptions): Promise<NativeModel>;
  loadTokenizer(path: string): Promise<Tokenizer>;
  inspect(path: string): Promise<InspectedModel>;
  /**
   * Takes some tenths of a second and about 128 MB; reads the file's header only.
   * @throws TriviumError `unsupported` for models that write no text, and what {@link inspect} throws; the abort reason
   */
  rehearse(path: string, options?: { signal?: AbortSignal }): Promise<Rehearsal>;
  stats(): EngineStats;
  /**
   * How many threads compute, for all models of the process: 1 to 256, default the physical cores it may use. Takes effect
   * between two operations; what is written does not depend on it.
   *
   * @throws TriviumError `invalid-argument`
   * @example await getEngine().setThreads(2); // leaves the other cores of a server to others
   */
  setThreads(threads: number): Promise<void>;
  /** Instruction set in use ("avx2"), backend and thread count. */
  readonly backend: { name: string; threads: number };
}
