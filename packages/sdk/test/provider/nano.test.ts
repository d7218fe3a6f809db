/** The language model that travels with the package, as people use it: through `ai`, with nothing but its name. */
import { generateText, streamText } from 'ai';
import { afterAll, describe, expect, test } from 'vitest';
import { createTrivium } from '../../src/provider/index.js';

const trivium = createTrivium({ specification: 'v3' });
afterAll(() => trivium.dispose());

describe('nano', () => {
  test.each([
    ['What is a container?', /[a-z]{3}/],
    ['什么是容器？', /\p{Script=Han}/u],
  ])('%s', async (prompt, language) => {
    const call = { model: trivium('nano'), prompt, maxOutputTokens: 48, temperature: 0 };
    const { text, finishReason, usage } = await generateText(call);
    expect(text).toMatch(language);
    expect(text).not.toContain('<|im_end|>');
    expect(['stop', 'length']).toContain(finishReason);
    expect(usage.inputTokens).toBeGreaterThan(5);
    const streamed: string[] = [];
    for await (const delta of streamText(call).textStream) streamed.push(delta);
    expect(streamed.join('')).toBe(text);
  });

  test('ends its turn by itself', async () => {
    const model = trivium('nano');
    const prompts = ['What is Kubernetes?', 'Tell me about components.', '介绍一下配置。', '什么是集群？'];
    const reasons = await Promise.all(
      prompts.map(async (prompt) => {
        const { finishReason } = await generateText({ model, prompt, maxOutputTokens: 300, temperature: 0 });
        return finishReason;
      }),
    );
    expect(reasons.filter((reason) => reason === 'stop').length).toBeGreaterThanOrEqual(2);
  });

  test('says that a prompt outgrows its 1,024 tokens', async () => {
    const long = generateText({
      model: trivium('nano'),
      prompt: 'a long prompt '.repeat(600),
      maxRetries: 0,
    });
    await expect(long).rejects.toThrow(/1024/);
  });
});
