/** `GET /v1/models` and `/v1/models/{model}`: what may be named as a model. */
import { TriviumError } from '@trivium/protocol';
import { z } from 'zod';
import { type AnyRoute, route } from '../route.js';
import type { ListedModel } from '../served-models.js';
import type { ServerContext } from '../server-context.js';

const model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.number().int(),
  owned_by: z.string(),
  kind: z
    .enum(['language', 'embedding', 'reranking', 'any'])
    .describe('Extension: what it can be called for.'),
});

const shown = ({ id, kind, owner }: ListedModel) => ({
  id,
  object: 'model',
  created: 0,
  owned_by: owner,
  kind,
});

export function modelRoutes({ models }: ServerContext): AnyRoute[] {
  return [
    route({
      method: 'get',
      path: '/v1/models',
      id: 'listModels',
      tag: 'OpenAI',
      summary: 'Models that may be named',
      answers: {
        200: {
          description: 'The models.',
          json: z.object({ object: z.literal('list'), data: z.array(model) }),
        },
      },
      handle: async () => Response.json({ object: 'list', data: (await models.list()).map(shown) }),
    }),
    route({
      method: 'get',
      path: '/v1/models/{model}',
      takesSlashes: true,
      id: 'getModel',
      tag: 'OpenAI',
      summary: 'One model',
      params: z.object({ model: z.string().min(1) }),
      answers: {
        200: { description: 'The model.', json: model },
        404: { description: 'There is no such model.' },
      },
      handle: async ({ params: { model: id } }) => {
        const found = (await models.list()).find((one) => one.id === id);
        if (found) return Response.json(shown(found));
        throw new TriviumError('not-found', `There is no model "${id}".`, {
          field: 'model',
          found: id,
          remedy: '/v1/models lists them.',
        });
      },
    }),
  ];
}
