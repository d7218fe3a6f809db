/**
 * The engine's models as embedders and as ranker of documents. Loads the engine only when asked to. Where a default model is
 * absent it says why instead of failing; refuses to know what is done with vectors and scores.
 */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { TriviumError } from '@trivium/protocol/errors';
import { promptFor } from '../models/prompts.js';
import { matchRanker, type PassageRanker, pairRanker } from './passage-ranker.js';
import { embedsTokens } from './token-matches.js';
import type { DocumentEmbedder, LibraryOptions } from './types.js';

/** Size and time stand for the content: a model that was replaced has another id. */
async function modelId(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file).catch((error) => {
    throw TriviumError.from(error);
  });
  return `${basename(file)}:${size}:${Math.round(mtimeMs)}`;
}

type ModelField = 'staticModel' | 'embedModel' | 'rankModel';
/** Told where a model read the beginnings of texts alone, by how many tokens it reads. */
type OnCut = (contextTokens: number) => void;

/** The model file of `@trivium/nano`. @throws where that package or its weights are not there. */
async function defaultModelFile(field: ModelField): Promise<string> {
  const { embedModelFile, rankModelFile, staticModelFile } = await import('@trivium/nano');
  const file = { staticModel: staticModelFile, embedModel: embedModelFile, rankModel: rankModelFile }[field];
  await stat(file);
  return file;
}

/** @throws TriviumError of the engine: `native-unavailable`, `not-found`, `bad-format`; `unsupported` for what does not embed. */
async function loadEmbedder(
  field: 'staticModel' | 'embedModel',
  file: string,
  onCut?: OnCut,
): Promise<DocumentEmbedder> {
  const id = await modelId(file);
  const { getEngine } = await import('@trivium/native');
  const model = await getEngine().loadModel(file);
  const { kind } = model.info;
  if (kind !== 'encoder' && kind !== 'static-embedding') {
    await model.dispose();
    throw new TriviumError('unsupported', `${basename(file)} does not embed texts.`, {
      file,
      field,
      expected: 'an encoder or static vectors',
      found: kind,
      remedy: 'Name a sentence embedder, such as a BERT with a pooling.',
    });
  }
  const { width, contextTokens } = model.info;
  const prompted = (texts: readonly string[], role: 'query' | 'passage') => {
    const before = promptFor(model.info, role);
    return before === '' ? texts : texts.map((text) => before + text);
  };
  const noticed = <Result extends { truncated: number[] }>(result: Result) => {
    if (result.truncated.length > 0) onCut?.(contextTokens);
    return result;
  };
  const overflow = 'truncate';
  return {
    id,
    width,
    embed: async (texts, { role, signal }) =>
      noticed(await model.embed(prompted(texts, role), { overflow, signal })),
    embedTokens: async (texts, { role, signal }) =>
      noticed(await model.embedTokens(prompted(texts, role), { overflow, signal })),
    dispose: () => model.dispose(),
  };
}

/**
 * The ranker of `@trivium/nano` leans on static vectors; any other cross-encoder reads pairs.
 * @throws as `loadEmbedder` does; `invalid-argument` for a model that is no cross-encoder.
 */
async function loadRanker(
  file: string,
  embedder: DocumentEmbedder | undefined,
  onCut?: OnCut,
): Promise<PassageRanker> {
  const { getEngine } = await import('@trivium/native');
  const model = await getEngine().loadModel(file);
  if (model.info.kind === 'cross-encoder') {
    if (!model.info.tokenMatches) return pairRanker(model, onCut);
    if (embedder && embedsTokens(embedder)) return matchRanker(model, embedder);
  }
  await model.dispose();
  throw new TriviumError('unsupported', `${basename(file)} cannot order passages.`, {
    file,
    field: 'rankModel',
    expected: 'a cross-encoder',
    found: model.info.kind,
    remedy:
      "Name a BERT with a classification head of one label; @trivium/nano's needs its static model beside it.",
  });
}

/** What search does without a default model. */
const without: Record<ModelField, string> = {
  staticModel: 'Search goes by words only, for the static model is not there',
  embedModel: 'Documents are not ordered anew, for the contextual model is not there',
  rankModel: 'Passages are ordered by words and vectors only, for the ranking model is not there',
};

export type ModelOptions = Pick<LibraryOptions, ModelField | 'embedders'>;

/** The models of one library, each loaded when first asked for; given ones are used as they are, and not disposed of. */
export class DocumentModels {
  readonly #options: ModelOptions;
  #static: Promise<DocumentEmbedder | undefined> | undefined;
  #contextual: Promise<DocumentEmbedder | undefined> | undefined;
  #ranker: Promise<PassageRanker | undefined> | undefined;
  /** Why default models are not there. */
  readonly #absences = new Map<ModelField, string>();
  /** What named models could not read. */
  readonly #cuts = new Map<ModelField, string>();

  constructor(options: ModelOptions) {
    this.#options = options;
    const { embedders } = options;
    if (!embedders) return;
    this.#static = Promise.resolve(embedders.static);
    this.#contextual = Promise.resolve(embedders.contextual);
    this.#ranker = Promise.resolve(embedders.ranker);
  }

  /** @throws TriviumError of the engine, for a model that was named. */
  static(): Promise<DocumentEmbedder | undefined> {
    this.#static ??= this.#load('staticModel', (file, onCut) => loadEmbedder('staticModel', file, onCut));
    return this.#static;
  }

  /** @throws TriviumError of the engine, for a model that was named. */
  contextual(): Promise<DocumentEmbedder | undefined> {
    this.#contextual ??= this.#load('embedModel', (file, onCut) => loadEmbedder('embedModel', file, onCut));
    return this.#contextual;
  }

  /**
   * The contextual embedder, where one was named: of passages nano's says nothing that its ranker does not say better.
   * @throws TriviumError of the engine
   */
  async passageEmbedder(): Promise<DocumentEmbedder | undefined> {
    const { embedModel, embedders } = this.#options;
    return embedModel || embedders ? this.contextual() : undefined;
  }

  /** @throws TriviumError of the engine, or `unsupported`, for a model that was named. */
  ranker(): Promise<PassageRanker | undefined> {
    this.#ranker ??= this.static().then((embedder) =>
      this.#load('rankModel', (file, onCut) => loadRanker(file, embedder, onCut)),
    );
    return this.#ranker;
  }

  /**
   * What works less well, and why, as far as it is known by now: of default models that could not be loaded, and of named ones
   * that could not read all they were given.
   */
  warnings(): string[] {
    // Without static vectors nothing is ordered anew, and that was said.
    const untold = this.#absences.has('staticModel') ? 'rankModel' : undefined;
    const absences = [...this.#absences].filter(([field]) => field !== untold);
    return [...absences.map(([field, reason]) => `${without[field]}: ${reason}`), ...this.#cuts.values()];
  }

  async dispose(): Promise<void> {
    if (this.#options.embedders) return;
    for (const loading of [this.#static, this.#contextual, this.#ranker])
      await (await loading?.catch(() => undefined))?.dispose?.();
  }

  /**
   * A named model must load; the default one is used where it and the engine are there. What a default one cuts is not told:
   * it was chosen with that in mind.
   */
  async #load<Model>(
    field: ModelField,
    open: (file: string, onCut?: OnCut) => Promise<Model>,
  ): Promise<Model | undefined> {
    const file = this.#options[field];
    if (file === false) return undefined;
    if (file !== undefined) return open(file, (contextTokens) => this.#noteCut(field, file, contextTokens));
    try {
      return await open(await defaultModelFile(field));
    } catch (error) {
      const { code, message, remedy } = TriviumError.from(error);
      this.#absences.set(field, `${message} (${code})${remedy ? ` ${remedy}` : ''}`);
      return undefined;
    }
  }

  #noteCut(field: ModelField, file: string, contextTokens: number): void {
    this.#cuts.set(
      field,
      `Of some texts ${field} knows the beginning only: ${basename(file)} reads ${contextTokens} tokens, and they have more.`,
    );
  }
}
