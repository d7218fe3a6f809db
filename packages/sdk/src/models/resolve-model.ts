/** A model reference, as people write it, to a path the engine opens. Knows names and files, loads nothing. */
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { embedModelFile, staticModelFile } from '@trivium/nano';
import { TriviumError } from '@trivium/protocol';

/** What a reference is wanted for: the embedded models have one file a kind. */
export type ModelPurpose = 'language' | 'embedding' | 'static-embedding' | 'any';

/**
 * @returns the absolute path of a GGUF file, a safetensors file or a Hugging Face folder.
 * @throws TriviumError `not-found` when nothing is there, `unsupported` for references of later versions.
 */
export function resolveModel(reference: string, purpose: ModelPurpose = 'any'): string {
  if (reference === 'nano') {
    if (purpose === 'language') {
      throw new TriviumError('unsupported', 'The embedded model "nano" embeds; it does not write text yet.', {
        field: 'model',
        remedy: 'Give a GGUF file or a Hugging Face folder of a language model.',
      });
    }
    // The quick one; the contextual model, better at whole paragraphs, has a name of its own.
    return staticModelFile;
  }
  if (reference === 'nano-contextual') return embedModelFile;
  if (reference.startsWith('hf:')) {
    throw new TriviumError('unsupported', `This version does not download models (${reference}).`, {
      field: 'model',
      remedy: 'Download the file or folder and give its path.',
    });
  }
  const path = isAbsolute(reference) ? reference : resolve(reference);
  if (existsSync(path)) return path;
  throw new TriviumError('not-found', `There is no model ${reference}.`, {
    field: 'model',
    file: path,
    expected: '"nano", a GGUF or safetensors file, or a Hugging Face folder',
    remedy: 'Check the path.',
  });
}
