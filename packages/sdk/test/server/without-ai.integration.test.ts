/** Without the package `ai`, which is an optional peer: the chat says what to install, everything else works. */
import { expect, it, vi } from 'vitest';
import { testServer } from './fixtures.js';

vi.mock('ai', () => {
  throw Object.assign(new Error("Cannot find package 'ai'"), { code: 'ERR_MODULE_NOT_FOUND' });
});

it("the chat says what to install; OpenAI's interface works", async () => {
  await using server = await testServer();
  const messages = [{ id: 'm', role: 'user', parts: [{ type: 'text', text: 'x' }] }];
  const chat = await server.post('/api/chat', { id: 'a', messages });
  expect(chat.status).toBe(503);
  expect(await chat.json()).toMatchObject({
    error: { code: 'unavailable', remedy: expect.stringContaining('npm install ai') },
  });
  const completion = await server.post('/v1/chat/completions', {
    messages: [{ role: 'user', content: 'x' }],
  });
  expect(completion.status).toBe(200);
});
