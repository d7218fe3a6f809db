/** OpenAI's interface over any model: the routes, in the order of their document. */
import type { AnyRoute } from '../route.js';
import type { ServerContext } from '../server-context.js';
import { chatRoute } from './chat-route.js';
import { completionsRoute } from './completions-route.js';
import { embeddingsRoute } from './embeddings-route.js';
import { modelRoutes } from './models-route.js';
import { rerankRoute } from './rerank-route.js';
import { responsesRoute } from './responses-route.js';

export function openaiRoutes(context: ServerContext): AnyRoute[] {
  return [
    ...modelRoutes(context),
    chatRoute(context),
    completionsRoute(context),
    responsesRoute(context),
    embeddingsRoute(context),
    rerankRoute(context),
  ];
}
