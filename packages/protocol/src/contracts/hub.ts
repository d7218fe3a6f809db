/** What can be done with downloaded models: pull, list, verify, remove. Bytes are whole bytes, hashes hexadecimal. */
import * as z from 'zod';
import { defineCapability } from '../capability.js';
import { downloadProgress, hubReference, readOnly } from './shared.js';

const modelFile = z.object({
  file: z.string().describe('Path inside the repository.'),
  bytes: z.number().int(),
  sha256: z.string().optional().describe('Absent where nobody has computed it.'),
});

const heldModel = z.object({
  model: z.string().describe('The repository and revision, as a reference.'),
  revision: z.string().describe('The commit.'),
  names: z.array(z.string()).describe('Branches and tags that led to this commit when they were last asked.'),
  bytes: z.number().int(),
  files: z.array(modelFile),
});

const fault = z.object({
  model: z.string(),
  file: z.string(),
  reason: z.string(),
});

const gigabytes = (bytes: number) =>
  bytes < 1e6
    ? `${(bytes / 1e3).toFixed(1)} kB`
    : bytes < 1e9
      ? `${(bytes / 1e6).toFixed(1)} MB`
      : `${(bytes / 1e9).toFixed(2)} GB`;

export const pull = defineCapability({
  plugin: 'models',
  name: 'pull',
  title: 'Pull a model',
  description:
    'Downloads a model from the Hugging Face Hub into the cache, resuming what an earlier call left, and verifies every file by its checksum.',
  input: z.object({ model: hubReference }),
  progress: downloadProgress,
  output: z.object({
    model: z.string(),
    revision: z.string().describe('The commit that was pulled.'),
    path: z.string().describe('The file or folder to give to the engine.'),
    downloadedBytes: z.number().int().describe('What came over the network this time.'),
    files: z.array(modelFile.required()),
  }),
  effects: { writes: true, destructive: false, network: true },
  commandLine: {
    positional: 'model',
    examples: ['pull hf:Qwen/Qwen3-4B-GGUF:Q4_K_M', 'pull hf:org/repo@v1.0/model.gguf'],
  },
  readable: ({ model, path, downloadedBytes, files }) =>
    [
      `${model}: ${gigabytes(files.reduce((sum, { bytes }) => sum + bytes, 0))}, ${gigabytes(downloadedBytes)} of it downloaded now`,
      ...files.map(({ file, bytes, sha256 }) => `  ${file}  ${gigabytes(bytes)}  sha256 ${sha256}`),
      path,
    ].join('\n'),
});

export const modelsList = defineCapability({
  plugin: 'models',
  name: 'models-list',
  title: 'List downloaded models',
  description: 'The models of the Hugging Face Hub that this machine holds in the cache of Trivium.',
  input: z.object({}),
  progress: z.never(),
  output: z.object({ models: z.array(heldModel) }),
  effects: readOnly,
  commandLine: { examples: ['models list'] },
  readable: ({ models }) =>
    models.length === 0
      ? 'No models are held. trivium pull hf:org/repo downloads one.'
      : models
          .flatMap(({ model, names, bytes, files }) => [
            `${model}${names.length > 0 ? ` (${names.join(', ')})` : ''}  ${gigabytes(bytes)}`,
            ...files.map(({ file, bytes: size }) => `  ${file}  ${gigabytes(size)}`),
          ])
          .join('\n'),
});

export const modelsVerify = defineCapability({
  plugin: 'models',
  name: 'models-verify',
  title: 'Verify downloaded models',
  description:
    'Reads every downloaded file again and compares it with the checksum of the Hugging Face Hub; names what is damaged. Changes nothing.',
  input: z.object({ model: hubReference.optional() }),
  progress: downloadProgress,
  output: z.object({ verified: z.array(modelFile.required()), faults: z.array(fault) }),
  effects: readOnly,
  commandLine: { positional: 'model', examples: ['models verify', 'models verify hf:org/repo'] },
  readable: ({ verified, faults }) =>
    [
      `${verified.length} files are sound, ${faults.length} are not`,
      ...faults.map(({ model, file, reason }) => `  ${model} ${file}: ${reason}`),
      ...(faults.length > 0 ? ['trivium models-remove and trivium pull replace them.'] : []),
    ].join('\n'),
});

export const modelsRemove = defineCapability({
  plugin: 'models',
  name: 'models-remove',
  title: 'Remove downloaded models',
  description:
    'Removes a model from the cache of Trivium: one revision where the reference names one, a file or quantization, or the whole repository. The cache of Hugging Face is not touched.',
  input: z.object({ model: hubReference }),
  progress: z.never(),
  output: z.object({
    removed: z.array(z.object({ model: z.string(), file: z.string(), bytes: z.number().int() })),
    freedBytes: z.number().int(),
  }),
  effects: { writes: true, destructive: true, network: false },
  commandLine: { positional: 'model', examples: ['models remove hf:org/repo'] },
  readable: ({ removed, freedBytes }) => `${removed.length} files removed, ${gigabytes(freedBytes)} freed`,
});
