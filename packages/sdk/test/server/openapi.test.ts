/** The OpenAPI document: valid, whole, and true of what the routes answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type TestServer, testServer } from './fixtures.js';

interface Operation {
  operationId: string;
  parameters: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

let server: TestServer;
let document: Document;
beforeAll(async () => {
  server = await testServer();
  document = (await (await server.get('/openapi.json')).json()) as Document;
});
afterAll(() => server[Symbol.asyncDispose]());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );

describe('the OpenAPI document', () => {
  it('holds every route once, under a name of its own', () => {
    expect(document.openapi).toBe('3.1.0');
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining([
        'createChatCompletion',
        'createResponse',
        'createEmbedding',
        'createRerank',
        'createCompletion',
        'listModels',
        'sendChatMessage',
        'resumeChat',
        'cancelChat',
        'listJobs',
        'followJob',
        'documents_ask',
        'getHealth',
        'getMetrics',
        'getOpenApi',
      ]),
    );
  });

  it('names every parameter of a path, and refers to nothing that is not there', () => {
    for (const { path, parameters } of operations()) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(named);
    }
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
      ([, reference]) => reference,
    );
    expect(new Set(references)).toEqual(new Set(['#/components/schemas/Error']));
  });

  it('has schemas that say what fits', () => {
    const { requestBody } = document.paths['/v1/chat/completions']!.post!;
    const schema = z.fromJSONSchema(requestBody!.content['application/json']!.schema as never);
    expect(
      schema.safeParse({
        messages: [{ role: 'user', content: 'x' }],
        temperature: 1,
        stages: { polish: false },
      }).success,
    ).toBe(true);
    expect(schema.safeParse({ messages: [] }).success).toBe(false);
    expect(schema.safeParse({ messages: [{ role: 'user', content: 'x' }], temperature: 'hot' }).success).toBe(
      false,
    );
  });

  it('is true of what is answered', async () => {
    const calls: [string, string, unknown?][] = [
      ['/v1/models', 'get'],
      ['/v1/chat/completions', 'post', { messages: [{ role: 'user', content: 'x' }] }],
      ['/v1/completions', 'post', { prompt: 'x' }],
      ['/v1/responses', 'post', { input: 'x' }],
      ['/v1/capabilities', 'get'],
      ['/v1/capabilities/documents/search', 'post', { query: 'tea' }],
      ['/v1/jobs', 'get'],
      ['/healthz', 'get'],
      ['/api/chat/{id}/cancel', 'post', ''],
    ];
    for (const [path, method, body] of calls) {
      const url = path.replace('{id}', 'x');
      const response = method === 'get' ? await server.get(url) : await server.post(url, body);
      expect(response.status).toBe(200);
      const { schema } = document.paths[path]![method]!.responses['200']!.content!['application/json']!;
      const parsed = z.fromJSONSchema(schema as never).safeParse(await response.json());
      expect(parsed.error?.message, path).toBeUndefined();
    }
    const refused = await server.post('/v1/chat/completions', {});
    const error = z.fromJSONSchema(document.components.schemas.Error as never);
    expect(error.safeParse(await refused.json()).success).toBe(true);
  });
});
