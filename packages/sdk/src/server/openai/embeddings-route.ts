/** `POST /v1/embeddings`: texts to vectors, as numbers or as base64 of float32, little end first. */
import { TriviumError } from '@trivium/protocol';
import { z } from 'zod';
import { warningSentences } from '../model-warnings.js';
import { type AnyRoute, route } from '../route.js';
import type { AnyEmbeddingModel } from '../served-models.js';
import type { ServerContext } from '../server-context.js';
import { given, optional, refuse } from './call-settings.js';
import { extraOf } from './chat-answer.js';
import { failAs, truncationFields, truncationOf } from './truncation.js';

const request = z.looseObject({
  model: z.string().min(1).optional().describe("Default: the server's embedding model."),
  input: z
    .union([
      z.string(),
      z.array(z.string()).min(1).max(2048),
      z.array(z.number().int()).min(1),
      z.array(z.array(z.number().int()).min(1)).min(1),
    ])
    .describe('Texts; tokens are refused.'),
  encoding_format: optional(z.enum(['float', 'base64'])),
  dimensions: optional(z.number().int().min(1)),
  ...truncationFields,
});

const answer = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.number().int(),
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  model: z.string(),
  usage: z.object({ prompt_tokens: z.number().int(), total_tokens: z.number().int() }),
  trivium: z
    .object({ warnings: z.array(z.string()) })
    .optional()
    .describe('Extension: warnings of the model.'),
});

export function embeddingsRoute({ models, metrics }: ServerContext): AnyRoute {
  return route({
    method: 'post',
    path: '/v1/embeddings',
    id: 'createEmbedding',
    tag: 'OpenAI',
    summary: 'Vectors of texts',
    body: request,
    answers: { 200: { description: 'One vector a text, in their order.', json: answer } },
    isWork: true,
    handle: async ({ body, signal }) => {
      const texts = typeof body.input === 'string' ? [body.input] : body.input;
      if (!isTexts(texts))
        return refuse('input', 'Tokens are not taken, for ids differ from model to model.', 'Give texts.');
      if (texts.some((text) => text === '')) throw emptyText(texts.indexOf(''));
      const { id, model } = await models.embedding(body.model);
      const options = {
        ...given({ dimensions: body.dimensions }),
        ...truncationOf(body),
        abortSignal: signal,
      };
      const { embeddings, tokens, warnings } = await embed(model, texts, options).catch(failAs('input'));
      metrics.tokens(id, tokens, undefined);
      const width = embeddings[0]?.length;
      if (body.dimensions !== undefined && width !== body.dimensions)
        refuse(
          'dimensions',
          `Vectors of ${id} have ${width} dimensions.`,
          'Leave dimensions out.',
          String(body.dimensions),
        );
      const shape = body.encoding_format === 'base64' ? base64Of : (vector: number[]) => vector;
      return Response.json({
        object: 'list',
        data: embeddings.map((vector, index) => ({ object: 'embedding', index, embedding: shape(vector) })),
        model: id,
        usage: { prompt_tokens: tokens, total_tokens: tokens },
        ...extraOf(warningSentences(warnings)),
      });
    },
  });
}

const isTexts = (input: readonly unknown[]): input is string[] =>
  input.every((one) => typeof one === 'string');

interface EmbedAnswer {
  embeddings: number[][];
  usage?: { tokens: number } | undefined;
  warnings?: readonly unknown[] | undefined;
}

/** As many calls as the model wants, in order. */
async function embed(
  model: AnyEmbeddingModel,
  texts: string[],
  options: Omit<Parameters<AnyEmbeddingModel['doEmbed']>[0], 'values'>,
) {
  const perCall = (await model.maxEmbeddingsPerCall) ?? texts.length;
  const embeddings: number[][] = [];
  const warnings: unknown[] = [];
  let tokens = 0;
  for (let at = 0; at < texts.length; at += perCall) {
    const values = texts.slice(at, at + perCall);
    const result: EmbedAnswer = await model.doEmbed({ ...options, values });
    embeddings.push(...result.embeddings);
    warnings.push(...(result.warnings ?? []));
    tokens += result.usage?.tokens ?? 0;
  }
  return { embeddings, tokens, warnings };
}

function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}

const emptyText = (index: number) =>
  new TriviumError('invalid-argument', 'An empty text has no vector.', {
    field: `input.${index}`,
    remedy: 'Leave it out.',
  });
