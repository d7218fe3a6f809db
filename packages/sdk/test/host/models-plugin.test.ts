/** The capabilities of models over the models that travel along. */
import { afterAll, describe, expect, test } from 'vitest';
import { createClient } from '../../src/host/index.js';
import { models } from '../../src/host/models-plugin.js';

const client = createClient();
afterAll(() => client[Symbol.asyncDispose]());
const { tokenize, generate, logits } = client.use(models);

describe('one name means one vocabulary', () => {
  const text = 'Once upon a time there was a kettle.';
  const ids = async (model: string, special = false) =>
    (await tokenize({ texts: [text], model, special })).tokens[0]!;

  test('to tokenize, logits and generate', async () => {
    const tokens = await ids('nano');
    const { logits: row } = await logits({ model: 'nano', tokens });
    expect(row.length).toBeGreaterThan(Math.max(...tokens));
    const likeliest = row.indexOf(Math.max(...row));
    const { usage, tokens: written } = await generate({ model: 'nano', prompt: text, maxTokens: 1 });
    expect(usage.inputTokens).toBe((await ids('nano', true)).length);
    expect(written).toEqual([likeliest]);
  });

  test('and the embedders have names of their own', async () => {
    const tokens = await ids('nano-static');
    expect(tokens).toEqual(await ids('nano-contextual'));
    expect(tokens).not.toEqual(await ids('nano'));
  });
});
