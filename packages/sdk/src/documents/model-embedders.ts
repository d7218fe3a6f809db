/** The engine's models as embedders of documents. Loads the engine only when asked to. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import type { DocumentEmbedder } from './types.js';

/** Size and time stand for the content: a model that was replaced has another id. */
async function modelId(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file).catch((error) => {
    throw TriviumError.from(error);
  });
  return `${basename(file)}:${size}:${Math.round(mtimeMs)}`;
}

/** The model file of `@trivium/nano`, where that package and its weights are there. */
async function defaultModelFile(kind: 'static' | 'contextual'): Promise<string | undefined> {
  try {
    const { embedModelFile, staticModelFile } = await import('@trivium/nano');
    const file = kind === 'static' ? staticModelFile : embedModelFile;
    await stat(file);
    return file;
  } catch {
    return undefined;
  }
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

/** A named model must load; the default one is used where it and the engine are there. */
export async function loadModel(kind: 'static' | 'contextual', file: string | false | undefined) {
  if (file === false) return undefined;
  if (file !== undefined) return loadEmbedder(file);
  const found = await defaultModelFile(kind);
  return found === undefined ? undefined : loadEmbedder(found).catch(() => undefined);
}
