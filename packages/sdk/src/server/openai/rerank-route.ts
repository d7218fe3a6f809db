/** `POST /v1/rerank`: documents in the order of their relevance to a query, in the shape that Cohere and Jina share. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { warningSentences } from '../model-warnings.js';
import { type AnyRoute, route } from '../route.js';
import type { ServerContext } from '../server-context.js';
import { given, optional } from './call-settings.js';
import { extraOf } from './chat-answer.js';
import { failAs, truncationFields, truncationOf } from './truncation.js';

const document = z.union([z.string(), z.looseObject({ text: z.string() })]);

const request = z.looseObject({
  model: z.string().min(1).optional().describe("Default: the server's reranking model."),
  query: z.string().min(1),
  documents: z.array(document).min(1).max(1000),
  top_n: optional(z.number().int().min(1)),
  return_documents: optional(z.boolean()),
  ...truncationFields,
});

const answer = z.object({
  id: z.string(),
  model: z.string(),
  results: z
    .array(
      z.object({
        index: z.number().int(),
        relevance_score: z.number(),
        document: z.looseObject({ text: z.string() }).optional(),
      }),
    )
    .describe('The most relevant first.'),
  trivium: z
    .object({ warnings: z.array(z.string()) })
    .optional()
    .describe('Extension: warnings of the model.'),
});

export function rerankRoute({ models }: ServerContext): AnyRoute {
  return route({
    method: 'post',
    path: '/v1/rerank',
    id: 'createRerank',
    tag: 'OpenAI',
    summary: 'Documents in the order of their relevance to a query',
    body: request,
    answers: { 200: { description: 'The best first.', json: answer } },
    isWork: true,
    handle: async ({ body, signal }) => {
      const { id, model } = await models.reranking(body.model);
      const documents = body.documents.map((one) => (typeof one === 'string' ? { text: one } : one));
      const call = {
        query: body.query,
        documents: { type: 'text' as const, values: documents.map(({ text }) => text) },
        abortSignal: signal,
        ...given({ topN: body.top_n }),
        ...truncationOf(body),
      };
      const { ranking, warnings } = (await Promise.resolve(model.doRerank(call)).catch(
        failAs('documents'),
      )) as {
        ranking: { index: number; relevanceScore: number }[];
        warnings?: unknown;
      };
      return Response.json({
        id: `rerank-${randomUUID()}`,
        model: id,
        results: ranking.map(({ index, relevanceScore }) => ({
          index,
          relevance_score: relevanceScore,
          ...(body.return_documents === true && { document: documents[index] }),
        })),
        ...extraOf(warningSentences(warnings)),
      });
    },
  });
}
