/** A loaded model: requests into the engine, events out of it. */
import { TriviumError } from '@trivium/protocol/errors';
import type { RawModel } from './addon.js';
import { toTriviumError, translated, translatedSync } from './errors.js';
import type { EventRouter } from './event-router.js';
import { fitPairs, fitTexts } from './fit.js';
import { Generation, toRequest } from './generation.js';
import { grammarCompiler, isCompiled } from './grammar.js';
import { tokenIds } from './integers.js';
import { toModelInfo } from './model-info.js';
import { toTokenizer } from './tokenizer.js';
import type {
  EmbedOptions,
  EmbedResult,
  ModelKind,
  NativeModel,
  RankInput,
  RankResult,
  TokenRows,
} from './types.js';
import { cancellable } from './unless-aborted.js';

/** What only models of some kinds can do. */
interface Ability {
  kinds: readonly ModelKind[];
  verb: string;
  remedy: string;
}
const embedding: Ability = {
  kinds: ['encoder', 'static-embedding'],
  verb: 'embed',
  remedy: 'Use an encoder, such as a BERT.',
};
const ranking: Ability = {
  kinds: ['cross-encoder'],
  verb: 'rank',
  remedy: 'Use a cross-encoder, such as a BERT with a classification head of one label.',
};

export function toModel(raw: RawModel, router: EventRouter): NativeModel {
  const tokenizer = toTokenizer(raw.tokenizer);
  const info = toModelInfo(raw, tokenizer);
  let disposed: Promise<void> | undefined;

  const disposedError = () =>
    new TriviumError('disposed', `The model ${info.name || info.path} has been disposed of.`);
  const alive = () => {
    if (disposed) throw disposedError();
  };
  /** The engine says so too; but a model of another kind must not ask for shorter inputs first. */
  const mustBeFor = ({ kinds, verb, remedy }: Ability) => {
    if (kinds.includes(info.kind)) return;
    throw new TriviumError(
      'unsupported',
      `A model of architecture '${info.architecture}' (${info.kind}) cannot ${verb}.`,
      { field: 'model', file: info.path, expected: kinds.join(' or '), found: info.kind, remedy },
    );
  };
  /** A request that answers once. */
  const once = (start: () => number, signal: AbortSignal | undefined): Promise<Float32Array> => {
    alive();
    signal?.throwIfAborted();
    const request = translatedSync(start);
    return new Promise((resolve, reject) => {
      const abort = () => {
        raw.cancel(request);
        reject(signal!.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      router.listen(request, (event) => {
        signal?.removeEventListener('abort', abort);
        if (event.kind === 'values') resolve(event.values);
        else if (event.kind === 'error') reject(toTriviumError(event.error));
        else reject(new TriviumError('cancelled', 'The request was cancelled.'));
      });
    });
  };

  const embed = async (texts: readonly string[], options: EmbedOptions = {}): Promise<EmbedResult> => {
    alive();
    mustBeFor(embedding);
    const encoded = await tokenizer.encodeBatch(texts, { signal: options.signal });
    const { inputs, truncated } = fitTexts(encoded, info.contextTokens, options.overflow ?? 'error');
    const inputTokens = inputs.reduce((sum, { length }) => sum + length, 0);
    const some = inputs.filter(({ length }) => length > 0);
    const rows =
      some.length === 0 ? new Float32Array(0) : await once(() => raw.embed(some, false), options.signal);
    const embeddings = some.length === inputs.length ? rows : withZeros(rows, inputs, info.width);
    return { embeddings, width: info.width, inputTokens, truncated };
  };

  const embedTokens = async (texts: readonly string[], options: EmbedOptions = {}): Promise<TokenRows> => {
    alive();
    mustBeFor(embedding);
    const encoded = await tokenizer.encodeBatch(texts, { signal: options.signal });
    const { inputs, truncated } = fitTexts(encoded, info.contextTokens, options.overflow ?? 'error');
    const offsets = new Int32Array(inputs.length + 1);
    inputs.forEach((ids, index) => {
      offsets[index + 1] = offsets[index]! + ids.length;
    });
    const some = inputs.filter(({ length }) => length > 0); // a text without tokens has no rows
    const rows =
      some.length === 0 ? new Float32Array(0) : await once(() => raw.embed(some, true), options.signal);
    return { rows, offsets, width: info.width, truncated };
  };

  const rankTokens = async (
    inputs: readonly RankInput[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Float32Array> => {
    alive();
    if (inputs.length === 0) return new Float32Array(0);
    const tokens = inputs.map((input) => tokenIds(input.tokens));
    const types = inputs.map((input) => tokenIds(input.types ?? [], 'types'));
    return once(() => raw.rank(tokens, types), signal);
  };

  const rank = async (
    query: string,
    texts: readonly string[],
    { overflow = 'error', signal }: EmbedOptions = {},
  ): Promise<RankResult> => {
    alive();
    mustBeFor(ranking);
    const pairs = await cancellable(signal, (cancelled) =>
      raw.tokenizer.encodePairs(query, texts, cancelled),
    );
    const { inputs, truncated } = fitPairs(pairs, info.contextTokens, overflow);
    const inputTokens = inputs.reduce((sum, { tokens }) => sum + tokens.length, 0);
    return { scores: await rankTokens(inputs, signal ? { signal } : {}), inputTokens, truncated };
  };

  const grammars = grammarCompiler((description, cancelled) => raw.compileGrammar(description, cancelled));

  const dispose = () => {
    grammars.stop(disposedError());
    disposed ??= translated(() => raw.dispose());
    return disposed;
  };

  return {
    info,
    tokenizer,
    compileGrammar: async (source, options) => {
      alive();
      return grammars.compile(source, options);
    },
    generate(options) {
      alive();
      const { grammar, signal } = options;
      const compiled =
        grammar &&
        ((left: AbortSignal) =>
          isCompiled(grammar) ? Promise.resolve(grammar) : grammars.compile(grammar, { signal: left }));
      return new Generation(raw, router, toRequest(options, info.stopTokens), { compiled, signal });
    },
    embed,
    embedTokens,
    rank,
    rankTokens,
    logits: async (tokens, { signal } = {}) => once(() => raw.logits(tokenIds(tokens)), signal),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Rows of the inputs that have tokens, with zeros where one has none: (inputs, width). */
function withZeros(rows: Float32Array, inputs: readonly Int32Array[], width: number): Float32Array {
  const all = new Float32Array(inputs.length * width);
  const wordy = [...inputs.keys()].filter((index) => inputs[index]!.length > 0);
  for (const [row, index] of wordy.entries())
    all.set(rows.subarray(row * width, (row + 1) * width), index * width);
  return all;
}
