/**
 * Types that signatures of entry points name can be named by whoever infers from them: without that, `declaration: true` fails in
 * their project. `tsc` checks it, the run does not.
 */
import { expectTypeOf, it } from 'vitest';
import type {
  DocumentEmbedder,
  EmbeddedTokens,
  LibraryOptions,
  PassageRanker,
} from '../src/documents/index.js';
import type {
  CallOptions,
  GenerateResult,
  Host,
  JobFilter,
  JobStore,
  ModelStore,
  ModelStoreSettings,
  PreloadOptions,
  StreamPart,
  TriviumLanguageModel,
  TriviumProvider,
  TriviumProviderSettings,
} from '../src/index.js';
import type {
  MemoryStreamStore,
  MemoryStreamStoreSettings,
  StoredStream,
  StreamEnd,
  StreamStore,
  StreamWriter,
} from '../src/server/index.js';

type Given<Method extends (...args: never[]) => unknown, At extends number = 0> = NonNullable<
  Parameters<Method>[At]
>;

it('of models and providers', () => {
  expectTypeOf<Given<TriviumLanguageModel['doGenerate']>>().toEqualTypeOf<CallOptions>();
  expectTypeOf<Awaited<ReturnType<TriviumLanguageModel['doGenerate']>>>().toEqualTypeOf<GenerateResult>();
  type Streamed = Awaited<ReturnType<TriviumLanguageModel['doStream']>>['stream'];
  expectTypeOf<Streamed>().toEqualTypeOf<ReadableStream<StreamPart>>();
  expectTypeOf<Given<TriviumProvider['preload'], 1>>().toEqualTypeOf<PreloadOptions>();
  expectTypeOf<TriviumProviderSettings>().toExtend<ModelStoreSettings>();
  expectTypeOf<Host['models']>().toEqualTypeOf<ModelStore>();
  expectTypeOf<Given<JobStore['list']>>().toEqualTypeOf<JobFilter>();
});

it('of documents', () => {
  expectTypeOf<
    Awaited<ReturnType<NonNullable<DocumentEmbedder['embedTokens']>>>
  >().toEqualTypeOf<EmbeddedTokens>();
  type Embedders = NonNullable<LibraryOptions['embedders']>;
  expectTypeOf<NonNullable<Embedders['ranker']>>().toEqualTypeOf<PassageRanker>();
});

it('of the server', () => {
  expectTypeOf<ConstructorParameters<typeof MemoryStreamStore>[0]>().toEqualTypeOf<
    MemoryStreamStoreSettings | undefined
  >();
  expectTypeOf<Awaited<ReturnType<StreamStore['find']>>>().toEqualTypeOf<StoredStream | undefined>();
  expectTypeOf<Given<StreamWriter['end']>>().toEqualTypeOf<StreamEnd>();
});
