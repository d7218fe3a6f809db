/**
 * The engine's models as embedders and as ranker of documents. Loads the engine only when asked to. Where a default model is
 * absent it says why instead of failing; refuses to know what is done with vectors and scores.
 */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { TriviumError } from '@trivium/protocol';
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

type ModelRole = 'static' | 'contextual' | 'rank';

/** The model file of `@trivium/nano`. @throws where that package or its weights are not there. */
async function defaultModelFile(role: ModelRole): Promise<string> {
  const { embedModelFile, rankModelFile, staticModelFile } = await import('@trivium/nano');
  const file = { static: staticModelFile, contextual: embedModelFile, rank: rankModelFile }[role];
  await stat(file);
  return file;
}

/** @throws TriviumError of the engine: `native-unavailable`, `not-found`, `bad-format`; `unsupported` for what does not embed. */
async function loadEmbedder(field: 'staticModel' | 'embedModel', file: string): Promise<DocumentEmbedder> {
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
  const { prompts = {}, width } = model.info;
  const prompted = (texts: readonly string[], role: 'query' | 'passage') =>
    prompts[role] ? texts.map((text) => prompts[role] + text) : texts;
  return {
    id,
    width,
    embed: (texts, { role, signal }) =>
      model.embed(prompted(texts, role), { overflow: 'truncate', ...(signal && { signal }) }),
    embedTokens: (texts, { role, signal }) =>
      model.embedTokens(prompted(texts, role), { overflow: 'truncate', ...(signal && { signal }) }),
    dispose: () => model.dispose(),
  };
}

/**
 * The ranker of `@trivium/nano` leans on static vectors; any other cross-encoder reads pairs.
 * @throws as `loadEmbedder` does; `invalid-argument` for a model that is no cross-encoder.
 */
async function loadRanker(file: string, embedder: DocumentEmbedder | undefined): Promise<PassageRanker> {
  const { getEngine } = await import('@trivium/native');
  const model = await getEngine().loadModel(file);
  if (model.info.kind === 'cross-encoder') {
    if (!model.info.tokenMatches) return pairRanker(model);
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

/** What became of a model: none was wanted, it is loaded, or it is not there and `absence` says why. */
interface Loaded<Model> {
  model?: Model;
  absence?: string;
}

/** A named model must load; the default one is used where it and the engine are there. */
async function load<Model>(
  role: ModelRole,
  file: string | false | undefined,
  open: (file: string) => Promise<Model>,
): Promise<Loaded<Model>> {
  if (file === false) return {};
  if (file !== undefined) return { model: await open(file) };
  try {
    return { model: await open(await defaultModelFile(role)) };
  } catch (error) {
    const { code, message, remedy } = TriviumError.from(error);
    return { absence: `${message} (${code})${remedy ? ` ${remedy}` : ''}` };
  }
}

export type ModelOptions = Pick<LibraryOptions, 'staticModel' | 'embedModel' | 'rankModel' | 'embedders'>;

/** The models of one library, each loaded when first asked for; given ones are used as they are, and not disposed of. */
export class DocumentModels {
  readonly #options: ModelOptions;
  #static: Promise<Loaded<DocumentEmbedder>> | undefined;
  #contextual: Promise<Loaded<DocumentEmbedder>> | undefined;
  #ranker: Promise<Loaded<PassageRanker>> | undefined;

  constructor(options: ModelOptions) {
    this.#options = options;
    const { embedders } = options;
    if (!embedders) return;
    this.#static = Promise.resolve({ ...(embedders.static && { model: embedders.static }) });
    this.#contextual = Promise.resolve({ ...(embedders.contextual && { model: embedders.contextual }) });
    this.#ranker = Promise.resolve({ ...(embedders.ranker && { model: embedders.ranker }) });
  }

  /** @throws TriviumError of the engine, for a model that was named. */
  async static(): Promise<DocumentEmbedder | undefined> {
    this.#static ??= load('static', this.#options.staticModel, (file) => loadEmbedder('staticModel', file));
    return (await this.#static).model;
  }

  /** @throws TriviumError of the engine, for a model that was named. */
  async contextual(): Promise<DocumentEmbedder | undefined> {
    this.#contextual ??= load('contextual', this.#options.embedModel, (file) =>
      loadEmbedder('embedModel', file),
    );
    return (await this.#contextual).model;
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
  async ranker(): Promise<PassageRanker | undefined> {
    this.#ranker ??= this.static().then((embedder) =>
      load('rank', this.#options.rankModel, (file) => loadRanker(file, embedder)),
    );
    return (await this.#ranker).model;
  }

  /** Of default models that were asked for so far and could not be loaded: what works less well, and why. */
  async warnings(): Promise<string[]> {
    const [words, order, rank] = await Promise.all(
      [this.#static, this.#contextual, this.#ranker].map((loading) => loading?.catch(() => undefined)),
    );
    const warnings: string[] = [];
    if (words?.absence)
      warnings.push(`Search goes by words only, for the static model is not there: ${words.absence}`);
    if (order?.absence)
      warnings.push(
        `Documents are not ordered anew, for the contextual model is not there: ${order.absence}`,
      );
    // Without static vectors nothing is ordered anew, and that was said.
    if (rank?.absence && !words?.absence)
      warnings.push(
        `Passages are ordered by words and vectors only, for the ranking model is not there: ${rank.absence}`,
      );
    return warnings;
  }

  async dispose(): Promise<void> {
    if (this.#options.embedders) return;
    for (const loading of [this.#static, this.#contextual, this.#ranker])
      await (await loading?.catch(() => undefined))?.model?.dispose?.();
  }
}
