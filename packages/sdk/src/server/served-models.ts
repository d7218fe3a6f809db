/**
 * Models by the ids of clients: those that the server was given, or the host's own inside the root. A model of the host is
 * loaded once, whichever id or route it is called by. Knows kinds of models, no protocol.
 */
import { isAbsolute, relative } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import type { AnyLanguageModel } from '../base/ai-sdk.js';
import type { Host } from '../host/index.js';
import { isEmbedderOfNano, nanoNames, resolveModel } from '../models/resolve-model.js';
import { type ModelView, viewAs } from '../provider/any-language-model.js';
import { TriviumEmbeddingModel } from '../provider/embedding-model.js';
import { TriviumLanguageModel } from '../provider/language-model.js';
import { TriviumRerankingModel } from '../provider/reranking-model.js';
import type { ServedFolder } from '../served/index.js';

/** An embedding model of any specification version. */
export interface AnyEmbeddingModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  readonly maxEmbeddingsPerCall: number | undefined | PromiseLike<number | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: models of several specification versions
  doEmbed(options: any): PromiseLike<any>;
}

/** A reranking model of any specification version. */
export interface AnyRerankingModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  // biome-ignore lint/suspicious/noExplicitAny: models of several specification versions
  doRerank(options: any): PromiseLike<any>;
}

/** An AI SDK model, or a reference of the host's own: `nano`, a path, `hf:org/repo`. */
export type ServedModel = string | AnyLanguageModel | AnyEmbeddingModel | AnyRerankingModel;

export interface ServedLanguageModel {
  /** As it is listed; of a file, its path inside the root, however the client spells it. */
  id: string;
  view: ModelView;
  /** What `ai` 6 and 7 both take, where the model allows it. */
  forUi: AnyLanguageModel;
  /** Of the host's own: what it loads. */
  reference?: string;
}

export interface ListedModel {
  id: string;
  kind: 'language' | 'embedding' | 'reranking' | 'any';
  owner: string;
}

interface ServedModelsSettings {
  models: Readonly<Record<string, ServedModel>> | undefined;
  model: string | undefined;
  folder: ServedFolder;
}

export class ServedModels {
  readonly #settings: ServedModelsSettings;

  constructor(settings: ServedModelsSettings) {
    this.#settings = settings;
  }

  /** @throws TriviumError `not-found`, `outside-root`, `invalid-argument` where none is named and there is no default */
  async language(id?: string): Promise<ServedLanguageModel> {
    const { name, served } = await this.#find(id, 'language');
    if (typeof served !== 'string') {
      if ('doStream' in served) return { id: name, view: viewAs(served, 'v4'), forUi: served };
      throw wrongKind(name, 'a language model');
    }
    const { host } = this.#settings.folder;
    return {
      id: name,
      view: viewAs(new TriviumLanguageModel(served, 'v4', host.models), 'v4'),
      forUi: new TriviumLanguageModel(served, 'v3', host.models),
      reference: served,
    };
  }

  /** @throws TriviumError as {@link language} does */
  async embedding(id?: string): Promise<{ id: string; model: AnyEmbeddingModel }> {
    const { name, served } = await this.#find(id, 'embedding');
    if (typeof served === 'string')
      return { id: name, model: new TriviumEmbeddingModel(served, 'v4', this.#settings.folder.host.models) };
    if ('doEmbed' in served) return { id: name, model: served };
    throw wrongKind(name, 'an embedding model');
  }

  /** @throws TriviumError as {@link language} does */
  async reranking(id?: string): Promise<{ id: string; model: AnyRerankingModel }> {
    const { name, served } = await this.#find(id, 'reranking');
    if (typeof served === 'string')
      return { id: name, model: new TriviumRerankingModel(served, 'v4', this.#settings.folder.host.models) };
    if ('doRerank' in served) return { id: name, model: served };
    throw wrongKind(name, 'a reranking model');
  }

  /** What a client may name without knowing more; models inside the root may be named too, by their paths. */
  async list(): Promise<ListedModel[]> {
    const { models, model, folder } = this.#settings;
    if (models) return Object.entries(models).map(([id, served]) => ({ id, ...describe(served) }));
    const own = [...new Set([model, ...nanoNames].filter((id) => id !== undefined))];
    const pulled = folder.hub ? await folder.host.models.hub.list() : [];
    return [...own, ...pulled.map(({ model: reference }) => reference)].map((id) => ({
      id,
      ...describe(id),
    }));
  }

  async #find(
    id: string | undefined,
    purpose: 'language' | 'embedding' | 'reranking',
  ): Promise<{ name: string; served: ServedModel }> {
    const { models } = this.#settings;
    const name = id ?? this.#defaultId(purpose);
    if (!models) return this.#own(name, purpose);
    const served = Object.hasOwn(models, name) ? models[name] : undefined;
    if (served !== undefined) return { name, served };
    throw new TriviumError('not-found', `There is no model "${name}".`, {
      field: 'model',
      found: name,
      expected: Object.keys(models).join(', '),
      remedy: '/v1/models lists them.',
    });
  }

  /** Only what the operator said: a client that forgets the model is told so, not answered by any. */
  #defaultId(purpose: 'language' | 'embedding' | 'reranking'): string {
    const { models, model, folder } = this.#settings;
    if (!models) return purpose === 'language' ? folder.host.languageModel(model) : 'nano';
    if (model !== undefined) return model;
    throw new TriviumError('invalid-argument', 'The call names no model.', {
      field: 'model',
      expected: Object.keys(models).join(', '),
      remedy: 'Name one of /v1/models, or start the server with a model for calls that name none.',
    });
  }

  /** A reference that the operator gave is taken at its word; what a caller gives is confined. */
  async #own(
    given: string,
    purpose: 'language' | 'embedding' | 'reranking',
  ): Promise<{ name: string; served: string }> {
    const { folder, model } = this.#settings;
    const isTrusted = given === model || (purpose === 'language' && given === defaultOf(folder.host));
    const served = isTrusted ? given : await folder.confineModel(given, 'model');
    const isFile = !isTrusted && isAbsolute(served);
    try {
      resolveModel(served, purpose);
      return { name: isFile ? relative(folder.root, served).replaceAll('\\', '/') : given, served };
    } catch (error) {
      const { code, message, field } = TriviumError.from(error);
      throw new TriviumError(code, message, {
        field,
        found: given,
        remedy: '/v1/models lists models; those of files are named by their path inside the root.',
        cause: error,
      });
    }
  }
}

/** The host's default, where it has one. */
function defaultOf(host: Host): string | undefined {
  try {
    return host.languageModel();
  } catch {
    return undefined;
  }
}

function describe(served: ServedModel): { kind: ListedModel['kind']; owner: string } {
  if (typeof served === 'string') {
    const kind = isEmbedderOfNano(served) ? 'embedding' : 'any';
    return { kind, owner: served.startsWith('hf:') ? served.slice(3).split('/')[0]! : 'trivium' };
  }
  const kind = 'doStream' in served ? 'language' : 'doEmbed' in served ? 'embedding' : 'reranking';
  return { kind, owner: served.provider };
}

const wrongKind = (name: string, expected: string) =>
  new TriviumError('invalid-argument', `"${name}" is not ${expected}.`, {
    field: 'model',
    found: name,
    expected,
    remedy: 'Name one; /v1/models says which model is of which kind.',
  });
