/** A model reference, as people write it, to a path the engine opens or a model of the hub. Loads and fetches nothing. */
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { embedModelFile, languageModelFile, rankModelFile, staticModelFile } from '@trivium/nano';
import { TriviumError } from '@trivium/protocol';
import { isHubReference, parseHubReference } from './hub/hub-reference.js';

/** What a reference is wanted for: the embedded models have one file a kind. */
export type ModelPurpose = 'language' | 'embedding' | 'static-embedding' | 'reranking' | 'any';

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
export function resolveModel(reference: string, purpose: ModelPurpose = 'any'): ResolvedModel {
  if (reference === 'nano') {
    // Of the embedders the quick one; the contextual model, better at whole paragraphs, has a name of its own.
    const byPurpose = { language: languageModelFile, reranking: rankModelFile } as Record<string, string>;
    return { kind: 'file', path: byPurpose[purpose] ?? staticModelFile };
  }
  if (reference === 'nano-contextual') return { kind: 'file', path: embedModelFile };
  if (isHubReference(reference)) {
    parseHubReference(reference);
    return { kind: 'hub', reference };
  }
  const path = isAbsolute(reference) ? reference : resolve(reference);
  if (existsSync(path)) return { kind: 'file', path };
  throw new TriviumError('not-found', `There is no model ${reference}.`, {
    field: 'model',
    file: path,
    expected: '"nano", a GGUF or safetensors file, a Hugging Face folder, or hf:org/repo',
    remedy: 'Check the path.',
  });
}
