/**
 * The engine's models as embedders of documents. Loads the engine only when asked to. Where a default model is absent it
 * says why instead of failing; refuses to know what is done with vectors.
 */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import type { DocumentEmbedder, LibraryOptions } from './types.js';

/** Size and time stand for the content: a model that was replaced has another id. */
async function modelId(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file).catch((error) => {
    throw TriviumError.from(error);
  });
  return `${basename(file)}:${size}:${Math.round(mtimeMs)}`;
}

type EmbedderKind = 'static' | 'contextual';

/** The model file of `@trivium/nano`. @throws where that package or its weights are not there. */
async function defaultModelFile(kind: EmbedderKind): Promise<string> {
  const { embedModelFile, staticModelFile } = await import('@trivium/nano');
  const file = kind === 'static' ? staticModelFile : embedModelFile;
  await stat(file);
  return file;
}

/** @throws TriviumError of the engine: `native-unavailable`, `not-found`, `bad-format`. */
async function loadEmbedder(file: string): Promise<DocumentEmbedder> {
  const id = await modelId(file);
  const { getEngine } = await import('@trivium/native');
  const model = await getEngine().loadModel(file);
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

/** What became of a model: none was wanted, it is loaded, or it is not there and `absence` says why. */
interface Loaded {
  embedder?: DocumentEmbedder;
  absence?: string;
}

/** A named model must load; the default one is used where it and the engine are there. */
async function load(kind: EmbedderKind, file: string | false | undefined): Promise<Loaded> {
  if (file === false) return {};
  if (file !== undefined) return { embedder: await loadEmbedder(file) };
  try {
    return { embedder: await loadEmbedder(await defaultModelFile(kind)) };
  } catch (error) {
    const { code, message, remedy } = TriviumError.from(error);
    return { absence: `${message} (${code})${remedy ? ` ${remedy}` : ''}` };
  }
}

/** The embedders of one library, each loaded when first asked for; given ones are used as they are, and not disposed of. */
export class ModelEmbedders {
  readonly #options: Pick<LibraryOptions, 'staticModel' | 'embedModel' | 'embedders'>;
  #static: Promise<Loaded> | undefined;
  #contextual: Promise<Loaded> | undefined;

  constructor(options: Pick<LibraryOptions, 'staticModel' | 'embedModel' | 'embedders'>) {
    this.#options = options;
    const { embedders } = options;
    if (!embedders) return;
    this.#static = Promise.resolve({ ...(embedders.static && { embedder: embedders.static }) });
    this.#contextual = Promise.resolve({ ...(embedders.contextual && { embedder: embedders.contextual }) });
  }

  /** @throws TriviumError of the engine, for a model that was named. */
  async static(): Promise<DocumentEmbedder | undefined> {
    this.#static ??= load('static', this.#options.staticModel);
    return (await this.#static).embedder;
  }

  /** @throws TriviumError of the engine, for a model that was named. */
  async contextual(): Promise<DocumentEmbedder | undefined> {
    this.#contextual ??= load('contextual', this.#options.embedModel);
    return (await this.#contextual).embedder;
  }

  /** Of default models that were asked for so far and could not be loaded: what works less well, and why. */
  async warnings(): Promise<string[]> {
    const [words, order] = await Promise.all(
      [this.#static, this.#contextual].map((loading) => loading?.catch(() => undefined)),
    );
    const warnings: string[] = [];
    if (words?.absence)
      warnings.push(`Search goes by words only, for the static model is not there: ${words.absence}`);
    if (order?.absence)
      warnings.push(
        `Documents are not ordered anew, for the contextual model is not there: ${order.absence}`,
      );
    return warnings;
  }

  async dispose(): Promise<void> {
    if (this.#options.embedders) return;
    for (const loading of [this.#static, this.#contextual])
      await (await loading?.catch(() => undefined))?.embedder?.dispose?.();
  }
}
