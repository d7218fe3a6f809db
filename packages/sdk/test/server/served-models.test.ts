/** Models by the ids of clients: those that were given, or the host's own inside the root; loaded once whoever asks. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { languageModelFile } from '@trivium/nano';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Host } from '../../src/host/index.js';
import { scriptedModel } from '../../src/testing/index.js';
import { type TestServer, temporaryFolder, testServer } from './fixtures.js';

const messages = [{ role: 'user', content: 'Hello' }];
const ask = (server: TestServer, model: string) =>
  server.post('/v1/chat/completions', { model, messages, max_tokens: 2 });

describe('without a list of models', () => {
  let server: TestServer;
  beforeAll(async () => {
    const host = new Host({
      cacheDir: await temporaryFolder(),
      hub: { offline: true },
      languageModel: 'nano',
    });
    server = await testServer({ host, models: undefined as never, model: undefined as never });
    await copyFile(languageModelFile, join(server.root, 'own.gguf'));
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await server.host[Symbol.asyncDispose]();
  });

  it('the embedded ones, and files inside the root by their path, are served; each is loaded once', async () => {
    for (const model of ['nano', 'own.gguf', './own.gguf'])
      expect((await ask(server, model)).status).toBe(200);
    const unnamed = await server.post('/v1/completions', { prompt: 'Hello', max_tokens: 2 });
    expect(await unnamed.json()).toMatchObject({ model: 'nano' });
    await (
      await server.post('/api/chat', {
        id: 'a',
        maxOutputTokens: 2,
        messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: 'x' }] }],
      })
    ).text();
    expect(server.host.models.loaded()).toHaveLength(2);
    expect((await server.post('/v1/embeddings', { input: 'tea' })).status).toBe(200);
    expect((await server.post('/v1/rerank', { query: 'tea', documents: ['a'] })).status).toBe(200);
  });

  it('the embedded ones are listed, with what they can be called for', async () => {
    const { data } = (await (await server.get('/v1/models')).json()) as {
      data: { id: string; kind: string }[];
    };
    expect(data.map(({ id, kind }) => [id, kind])).toEqual([
      ['nano', 'any'],
      ['nano-static', 'embedding'],
      ['nano-contextual', 'embedding'],
    ]);
  });

  it('a file has one name, however it is spelled', async () => {
    for (const model of ['own.gguf', './own.gguf', 'a/../own.gguf', join(server.root, 'own.gguf')])
      expect(await (await ask(server, model)).json()).toMatchObject({ model: 'own.gguf' });
    const metrics = await (await server.get('/metrics')).text();
    const labels = [...metrics.matchAll(/^trivium_tokens_total\{model="([^"]*)"/gm)].map(
      ([, label]) => label,
    );
    expect(new Set(labels.filter((label) => label!.endsWith('.gguf')))).toEqual(new Set(['own.gguf']));
  });

  it.each([
    ['/etc/passwd', 403, 'outside-root'],
    ['../own.gguf', 403, 'outside-root'],
    ['hf:org/repo', 403, 'outside-root'],
    ['missing.gguf', 404, 'not-found'],
    ['tea.md', 400, 'unsupported'],
    ['nano-contextual', 400, 'invalid-argument'],
    ['a\0b', 400, 'invalid-argument'],
  ])('%j is refused as a language model', async (model, status, code) => {
    const response = await ask(server, model);
    const text = await response.text();
    expect([response.status, JSON.parse(text).error.code]).toEqual([status, code]);
    expect(text).not.toContain(server.root);
  });
});

describe('with a list of models', () => {
  it('nothing else is served, and an id may stand for one of the host', async () => {
    await using server = await testServer({ models: { small: 'nano', scripted: scriptedModel(['x']) } });
    expect(await (await ask(server, 'small')).json()).toMatchObject({ model: 'small' });
    for (const model of ['nano', 'toString', '__proto__'])
      expect(await (await ask(server, model)).json()).toMatchObject({
        error: { code: 'not-found', expected: 'small, scripted' },
      });
  });

  it('is shown under each id that it lists, with slashes as they are or encoded', async () => {
    const id = 'hf:org/repo/a b.gguf';
    await using server = await testServer({ models: { [id]: 'nano' }, model: id });
    for (const path of [encodeURI(id), encodeURIComponent(id)])
      expect(await (await server.get(`/v1/models/${path}`)).json()).toMatchObject({ id });
    expect((await server.get('/v1/models/hf:org/repo')).status).toBe(404);
    const { paths } = (await (await server.get('/openapi.json')).json()) as { paths: object };
    expect(paths).toHaveProperty(['/v1/models/{model}', 'get', 'parameters', '0', 'name'], 'model');
  });
});
