/** The OpenAPI 3.1 document, made from the table of routes. Knows schemas and routes, no requests. */
import { z } from 'zod';
import { type Answer, type AnyRoute, failureAnswers } from '../route.js';

const errorSchema = z
  .object({
    error: z.looseObject({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().describe('A code of TriviumError.'),
      remedy: z.string().optional().describe('What the caller can do.'),
    }),
  })
  .describe("OpenAI's shape.");

const schemaOf = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return described;
};

export function openapiDocument(routes: readonly AnyRoute[], basePath: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Trivium',
      version: '1',
      description:
        "OpenAI's interface, the AI SDK's UI streams, capabilities and jobs over local and remote models.",
    },
    ...(basePath !== '' && { servers: [{ url: basePath }] }),
    security: [{ key: [] }, {}],
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: schemaOf(errorSchema, 'output') },
    },
  };
}

function operationOf(route: AnyRoute): object {
  const { id, tag, summary, description, body, params, query, answers, isOpen, takesBytes } = route;
  const failures = Object.entries(failureAnswers).filter(([status]) => !(status in answers));
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description && { description }),
    ...(isOpen && { security: [] }),
    parameters: [...parametersOf(params, 'path'), ...parametersOf(query, 'query')],
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } },
    }),
    ...(takesBytes && {
      requestBody: {
        required: true,
        content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
      },
    }),
    responses: Object.fromEntries([
      ...Object.entries(answers as Record<string, Answer>).map(([status, answer]) => [
        status,
        Number(status) >= 400 ? failureAnswer(answer.description) : answerOf(answer),
      ]),
      ...failures.map(([status, words]) => [status, failureAnswer(words)]),
    ]),
  };
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): object[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.keys(properties).map((name) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: place === 'query' ? withoutCoercion(schema, name) : properties[name],
  }));
}

/** A query holds text; what it is read as is what its schema says, and coerced input would say anything goes. */
function withoutCoercion(schema: z.ZodType, name: string): object | undefined {
  return (schemaOf(schema, 'output') as { properties?: Record<string, object> }).properties?.[name];
}

function answerOf({ description, json, events, text }: Answer): object {
  const content = {
    ...(json && { 'application/json': { schema: schemaOf(json, 'output') } }),
    ...(events && {
      'text/event-stream': {
        schema: {
          type: 'string',
          description: `Server-sent events; the data of each is JSON: ${JSON.stringify(schemaOf(events, 'output'))}`,
        },
      },
    }),
    ...(text && { [text]: { schema: { type: 'string' } } }),
  };
  return { description, ...(Object.keys(content).length > 0 && { content }) };
}

const failureAnswer = (description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
});
