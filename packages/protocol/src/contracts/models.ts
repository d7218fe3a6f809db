/** What can be done with a model: embed, generate, tokenize, logits. */
import * as z from 'zod';
import { defineCapability } from '../capability.js';
import { modelReference, readOnly, textDelta } from './shared.js';

export const embed = defineCapability({
  plugin: 'models',
  name: 'embed',
  title: 'Embed texts',
  description:
    'Turns texts into vectors: the cosine of two says how close their meanings are, with nano across zh and en. ' +
    'Their lengths are as the model makes them; of nano, and of most models, 1.',
  input: z.object({
    texts: z.array(z.string()).min(1),
    model: modelReference.default('nano'),
    prompt: z
      .string()
      .optional()
      .describe(
        'Name of a prompt of the model, put before each text ("query"); default: what its files name.',
      ),
    overflow: z
      .enum(['error', 'truncate'])
      .default('error')
      .describe('What to do with a text that is longer than the context.'),
  }),
  progress: z.never(),
  output: z.object({
    embeddings: z.array(z.array(z.number())),
    model: z.string(),
    tokens: z.number().int(),
    truncated: z.array(z.number().int()).describe('Indices of texts that were cut to the context.'),
  }),
  effects: readOnly,
  commandLine: {
    positional: 'texts',
    standardInput: 'texts',
    lines: 'embeddings',
    examples: ['embed "retry a failed call" "重试失败的调用" --json', 'embed < lines.txt'],
  },
});

export const usage = z.object({
  inputTokens: z.number().int(),
  cachedTokens: z.number().int(),
  outputTokens: z.number().int(),
});

export const generate = defineCapability({
  plugin: 'models',
  name: 'generate',
  title: 'Generate text',
  description: 'Continues a prompt with a local model; the text streams as it is written.',
  input: z.object({
    model: modelReference.optional(),
    prompt: z.string().describe('Given to the model as it is, without a chat template.'),
    maxTokens: z.number().int().min(1).default(256),
    temperature: z
      .number()
      .min(0)
      .optional()
      .describe("0 is greedy; default: what the model's file asks for, else 0."),
    topK: z.number().int().min(0).optional(),
    topP: z.number().gt(0).lte(1).optional(),
    minP: z.number().min(0).max(1).optional(),
    seed: z.number().int().min(0).optional(),
    stop: z.array(z.string()).optional(),
  }),
  progress: textDelta,
  output: z.object({
    text: z.string(),
    tokens: z.array(z.number().int()),
    finishReason: z.enum(['stop', 'length']),
    usage,
  }),
  effects: readOnly,
  commandLine: {
    positional: 'prompt',
    examples: ['generate "Once upon" --model ./model.gguf --max-tokens 64'],
  },
  readable: ({ text }) => text,
});

export const tokenize = defineCapability({
  plugin: 'models',
  name: 'tokenize',
  title: 'Tokenize texts',
  description: 'The token ids of texts, as a model sees them.',
  input: z.object({
    texts: z.array(z.string()).min(1),
    model: modelReference.default('nano'),
    special: z.boolean().default(true).describe('Add what the tokenizer adds by itself (BOS, [CLS]).'),
  }),
  progress: z.never(),
  output: z.object({ tokens: z.array(z.array(z.number().int())) }),
  effects: readOnly,
  commandLine: {
    positional: 'texts',
    standardInput: 'texts',
    lines: 'tokens',
    examples: ['tokenize "Once upon a time" --model ./model.gguf', 'tokenize --json < lines.txt'],
  },
});

export const logits = defineCapability({
  plugin: 'models',
  name: 'logits',
  title: 'Next-token logits',
  description: 'The float32 logits of the last position of a list of token ids.',
  input: z.object({ model: modelReference.optional(), tokens: z.array(z.int32().min(0)).min(1) }),
  progress: z.never(),
  output: z.object({ logits: z.array(z.number()) }),
  effects: readOnly,
  commandLine: { examples: ['logits --model ./model.gguf --tokens 1,2,3'] },
});
