/** A model reference, as people write it, to a path the engine opens or a model of the hub. Loads and fetches nothing. */
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { embedModelFile, languageModelFile, rankModelFile, staticModelFile } from '@trivium/nano';
import { TriviumError } from '@trivium/protocol';
import { isHubReference, parseHubReference } from './hub/hub-reference.js';

/** What a reference is wanted for: `nano` has one file for each. */
export type ModelPurpose = 'language' | 'embedding' | 'reranking';

const filesOfNano: Readonly<Record<ModelPurpose, string>> = {
  language: languageModelFile,
  // The quick one; the contextual model, better at whole paragraphs, has a name of its own.
  embedding: staticModelFile,
  reranking: rankModelFile,
};

/** Names that mean one file, whatever it is wanted for. */
const embeddersOfNano = new Map([
  ['nano-static', staticModelFile],
  ['nano-contextual', embedModelFile],
]);

/** Names of models that travel with Trivium, which are no paths. */
export const nanoNames: readonly string[] = ['nano', ...embeddersOfNano.keys()];

/** Whether a name means an embedder, and nothing else. */
export const isEmbedderOfNano = (name: string): boolean => embeddersOfNano.has(name);

/** The models that travel with Trivium, the one that writes first. */
export const nanoModels: readonly { use: string; name?: string; path: string }[] = [
  { use: 'writes text', name: 'nano', path: languageModelFile },
  { use: 'embeds texts', name: 'nano', path: staticModelFile },
  { use: 'embeds paragraphs in their context', name: 'nano-contextual', path: embedModelFile },
  { use: 'ranks passages', name: 'nano', path: rankModelFile },
];

export type ResolvedModel =
  /** An absolute path of a GGUF file, a safetensors file or a Hugging Face folder. */
  | { kind: 'file'; path: string }
  /** A reference whose form is right; what it means is known once the caches or the hub are asked. */
  | { kind: 'hub'; reference: string };

/**
 * @example resolveModel('./model.gguf') // { kind: 'file', path: the absolute path }
 * @throws TriviumError `not-found` when nothing is there, `invalid-argument` for a reference to the hub that cannot be read
 */
export function resolveModel(reference: string, purpose: ModelPurpose = 'language'): ResolvedModel {
  const embedded = reference === 'nano' ? filesOfNano[purpose] : embeddersOfNano.get(reference);
  if (embedded !== undefined) return { kind: 'file', path: embedded };
  if (isHubReference(reference)) {
    parseHubReference(reference);
    return { kind: 'hub', reference };
  }
  const path = isAbsolute(reference) ? reference : resolve(reference);
  if (existsSync(path)) return { kind: 'file', path };
  throw new TriviumError('not-found', `There is no model ${reference}.`, {
    field: 'model',
    file: path,
    expected: `${nanoNames.join(', ')}, a GGUF or safetensors file, a Hugging Face folder, or hf:org/repo`,
    remedy: 'Check the path.',
  });
}
