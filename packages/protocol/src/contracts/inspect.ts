/** What a model file holds, what it will need and how fast it will be here. Speeds are tokens a second. */
import * as z from 'zod';
import { defineCapability } from '../capability.js';
import { modelProgress, modelReference, readOnly } from './shared.js';

const kind = z.enum(['causal', 'encoder', 'static-embedding', 'cross-encoder']);

/** One of the models that travel with Trivium. */
const namedModel = z.object({
  use: z.string().describe('What it does.'),
  name: z.string().optional().describe('What calls name it by; one that has none is used by others.'),
  path: z.string(),
  kind: kind.optional(),
  parameters: z.number().int(),
  fileBytes: z.number().int(),
});

const limit = z
  .enum(['memory', 'arithmetic'])
  .describe(
    'memory: a second sequence in the same step is nearly free, for the weights are read once; arithmetic: it costs as much again.',
  );

const speeds = {
  prefill: z.number().describe('Tokens of a prompt a second.'),
  decode: z
    .number()
    .describe('Tokens that are written a second, one sequence at a time, after such a prompt.'),
  promptTokens: z.number().int(),
  uncertainty: z.number().describe('The share by which a run may be faster or slower.'),
};

export const speedEstimate = z.object({
  ...speeds,
  decodeLimit: limit,
  weightBytesPerToken: z.number().describe('Bytes of weights that a written token reads.'),
  weightBytesPerSecond: z.number().describe('Bytes of weights a second, at the estimated speed.'),
});

export const speedMeasurement = z.object({
  ...speeds,
  decodedTokens: z.number().int(),
  rounds: z.number().int(),
});

export const modelSpeed = z.object({
  backend: z.string(),
  threads: z.number().int(),
  estimate: speedEstimate.optional().describe('From timing a slice of the model over blank weights.'),
  measurement: speedMeasurement.optional().describe('From running the model, where that was asked for.'),
  absent: z.string().optional().describe('Why there is no figure.'),
});

type Speed = z.output<typeof modelSpeed>;

export const inspect = defineCapability({
  plugin: 'models',
  name: 'inspect',
  title: 'Inspect a model',
  description:
    'What is in a model, whether it can be run, what it will need, and how fast it will be on this machine.',
  input: z.object({
    file: modelReference.describe(
      'A GGUF or safetensors file, a Hugging Face folder, or a model by name: "nano", "nano-static", "nano-contextual", or hf:org/repo, which is downloaded on first use.',
    ),
    speed: z
      .boolean()
      .default(true)
      .describe('Estimate the speed, which takes about half a second of both processors and memory.'),
    measure: z.boolean().default(false).describe('Load the model and measure its speed beside the estimate.'),
  }),
  progress: z.discriminatedUnion('type', modelProgress),
  output: z.object({
    path: z.string(),
    container: z.enum(['gguf', 'hugging-face']),
    architecture: z.string(),
    supported: z.boolean(),
    reason: z.string().optional(),
    kind: kind
      .optional()
      .describe(
        'causal writes text, encoder and static-embedding embed it, cross-encoder scores a text against a query.',
      ),
    name: z.string(),
    parameters: z.number().int(),
    fileBytes: z.number().int(),
    contextTokens: z.number().int().optional(),
    layers: z.number().int().optional(),
    width: z.number().int().optional(),
    vocabularySize: z.number().int().optional(),
    weightBytes: z.number().int().optional().describe('Memory of the weights once packed.'),
    kvBytesPerToken: z.number().int().optional(),
    speed: modelSpeed.optional(),
    models: z
      .array(namedModel)
      .optional()
      .describe('All that "nano" stands for; what is told beside them is of the one that writes text.'),
    metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    tensors: z.array(
      z.object({
        name: z.string(),
        dtype: z.string(),
        shape: z.array(z.number().int()),
        bytes: z.number().int(),
      }),
    ),
  }),
  effects: readOnly,
  commandLine: { positional: 'file', examples: ['inspect model.gguf', 'inspect model.gguf --measure'] },
  readable: (model) =>
    [
      ...(model.models ? modelLines(model.models) : []),
      `${model.name || model.path}: ${model.architecture}${model.kind ? `, ${model.kind}` : ''} (${model.container})${model.supported ? '' : `, not supported: ${model.reason}`}`,
      `parameters ${model.parameters}, file ${model.fileBytes} bytes, weights in memory ${model.weightBytes ?? 'unknown'} bytes`,
      `layers ${model.layers ?? '?'}, width ${model.width ?? '?'}, context ${model.contextTokens ?? '?'} tokens, vocabulary ${model.vocabularySize ?? '?'}`,
      `keys and values ${model.kvBytesPerToken ?? 0} bytes a token`,
      ...(model.speed ? speedLines(model.speed) : []),
      ...model.tensors.map(({ name, dtype, shape }) => `  ${name}  ${dtype}  [${shape.join(', ')}]`),
    ].join('\n'),
});

function modelLines(models: readonly z.output<typeof namedModel>[]): string[] {
  const rows = models.map(({ use, name, kind = '', parameters, fileBytes }) => {
    const figures = `${kind}, ${(parameters / 1e6).toPrecision(2)} million parameters, ${(fileBytes / 1e6).toPrecision(2)} MB`;
    return `  ${use} (${[name && `as ${name}`, figures].filter(Boolean).join('; ')})`;
  });
  return [`nano is ${models.length} models; what follows is of the first:`, ...rows];
}

const figure = (value: number) => (value < 100 ? value.toPrecision(2) : String(Math.round(value)));
const percent = (share: number) => `${Math.round(100 * share)} %`;

function speedLines({ backend, threads, estimate, measurement, absent }: Speed): string[] {
  const where = `${backend}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return [
    ...(absent === undefined ? [] : [`speed unknown: ${absent}`]),
    ...(estimate ? [estimateLine(estimate, where)] : []),
    ...(measurement ? [measurementLine(measurement, where)] : []),
  ];
}

function estimateLine(estimate: z.output<typeof speedEstimate>, where: string): string {
  const { prefill, decode, uncertainty, decodeLimit, weightBytesPerToken, weightBytesPerSecond } = estimate;
  const because =
    decodeLimit === 'memory'
      ? `limited by memory, ${(weightBytesPerToken / 1e9).toPrecision(2)} GB of weights a token at ${(weightBytesPerSecond / 1e9).toPrecision(2)} GB/s`
      : 'limited by arithmetic';
  return `speed here, estimated to ${percent(uncertainty)} (${where}): prefill about ${figure(prefill)} tokens/s, decode about ${figure(decode)} (${because})`;
}

function measurementLine(measurement: z.output<typeof speedMeasurement>, where: string): string {
  const { prefill, decode, uncertainty, promptTokens, decodedTokens, rounds } = measurement;
  return `speed measured to ${percent(uncertainty)} over ${rounds} rounds (${where}): prefill of ${promptTokens} ${figure(prefill)} tokens/s, decode of ${decodedTokens} ${figure(decode)}`;
}
