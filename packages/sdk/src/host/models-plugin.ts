/** Implementations of the model capabilities: embed, generate, tokenize, logits, inspect. */
import { contracts, definePlugin, implement } from '@trivium/protocol';
import type { TriviumContext } from './host.js';

const embed = implement<typeof contracts.embed, TriviumContext>(
  contracts.embed,
  async function* ({ texts, model: reference }, { host, signal }) {
    const model = await host.models.get(reference, 'embedding');
    const { embeddings, width, inputTokens } = await model.embed(texts, { signal });
    return {
      embeddings: texts.map((_, index) =>
        Array.from(embeddings.subarray(index * width, (index + 1) * width)),
      ),
      model: reference,
      tokens: inputTokens,
    };
  },
);

const generate = implement<typeof contracts.generate, TriviumContext>(
  contracts.generate,
  async function* (
    { model: reference, prompt, maxTokens, temperature, topK, topP, minP, seed, stop },
    { host, signal },
  ) {
    const model = await host.models.get(reference, 'language');
    const tokens = await model.tokenizer.encode(prompt);
    const written: number[] = [];
    let text = '';
    const settings = { topK, topP, minP, seed, stop };
    const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
    for await (const event of model.generate({ tokens, maxTokens, temperature, ...given, signal })) {
      if (event.type === 'token') {
        written.push(event.id);
        text += event.text;
        if (event.text !== '') yield { type: 'text-delta' as const, text: event.text };
      }
      if (event.type === 'finish') {
        const { inputTokens, cachedTokens, outputTokens } = event.usage;
        return {
          text,
          tokens: written,
          finishReason: event.reason,
          usage: { inputTokens, cachedTokens, outputTokens },
        };
      }
    }
    throw new Error('the engine ended a generation without finishing it');
  },
);

const tokenize = implement<typeof contracts.tokenize, TriviumContext>(
  contracts.tokenize,
  async function* ({ texts, model: reference, special }, { host }) {
    const { tokenizer } = await host.models.get(reference);
    const encoded = await tokenizer.encodeBatch(texts, { addSpecialTokens: special });
    return { tokens: encoded.map((ids) => Array.from(ids)) };
  },
);

const logits = implement<typeof contracts.logits, TriviumContext>(
  contracts.logits,
  async function* ({ model: reference, tokens }, { host, signal }) {
    const model = await host.models.get(reference, 'language');
    return { logits: Array.from(await model.logits(tokens, { signal })) };
  },
);

const inspect = implement<typeof contracts.inspect, TriviumContext>(
  contracts.inspect,
  async function* ({ file }, { host }) {
    return host.models.engine.inspect(file);
  },
);

export const models = definePlugin({
  name: 'models',
  capabilities: [embed, generate, tokenize, logits, inspect],
});
