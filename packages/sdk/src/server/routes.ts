/** The table of all routes, in the order of the OpenAPI document. */

import { z } from 'zod';
import { capabilityRoutes } from './capabilities/capability-routes.js';
import { jobRoutes } from './capabilities/job-routes.js';
import { openaiRoutes } from './openai/index.js';
import { openapiDocument } from './openapi/openapi-document.js';
import { type AnyRoute, route } from './route.js';
import { scratchRoutes } from './scratch/scratch-routes.js';
import type { ServerContext } from './server-context.js';
import { chatRoutes } from './ui/chat-routes.js';

export function routesOf(context: ServerContext): AnyRoute[] {
  const routes: AnyRoute[] = [
    ...openaiRoutes(context),
    ...chatRoutes(context),
    ...capabilityRoutes(context),
    ...jobRoutes(context),
    ...scratchRoutes(context),
    route({
      method: 'get',
      path: '/healthz',
      id: 'getHealth',
      tag: 'Server',
      summary: 'Whether the server answers',
      answers: { 200: { description: 'It does.', json: z.object({ status: z.literal('ok') }) } },
      isOpen: true,
      handle: () => Response.json({ status: 'ok' }),
    }),
    route({
      method: 'get',
      path: '/metrics',
      id: 'getMetrics',
      tag: 'Server',
      summary: 'Figures of the server, for Prometheus',
      answers: { 200: { description: 'The figures.', text: 'text/plain' } },
      handle: async () =>
        new Response(await context.metrics.text(), {
          headers: { 'content-type': context.metrics.contentType },
        }),
    }),
    route({
      method: 'get',
      path: '/openapi.json',
      id: 'getOpenApi',
      tag: 'Server',
      summary: 'This document',
      answers: { 200: { description: 'OpenAPI 3.1.', json: z.looseObject({ openapi: z.string() }) } },
      handle: () => Response.json(document()),
    }),
  ];
  let made: object | undefined;
  const document = (): object => (made ??= openapiDocument(routes, context.basePath));
  return routes;
}
