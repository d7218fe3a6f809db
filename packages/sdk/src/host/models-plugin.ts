/** Implementations of the model capabilities: embed, generate, tokenize, logits, inspect; pull, list, verify, remove. */
import { contracts, definePlugin, implement } from '@trivium/protocol';
import { embedTexts } from '../models/embed-texts.js';
import { samplingOf } from '../models/sampling.js';
import { chat } from './chat-capability.js';
import type { TriviumContext } from './host.js';
import { inspect } from './inspect-capability.js';
import { implementReporting } from './reporting-capability.js';

const embed = implement<typeof contracts.embed, TriviumContext>(
  contracts.embed,
  async function* ({ texts, model: reference, prompt, overflow }, { host, signal }) {
    const model = await host.models.get(reference, 'embedding', { signal });
    const options = { prompt, overflow, signal };
    const { width: _, ...embedded } = await embedTexts(model, texts, options, 'prompt');
    return { ...embedded, model: reference };
  },
);

const generate = implement<typeof contracts.generate, TriviumContext>(
  contracts.generate,
  async function* (
    { model: reference, prompt, maxTokens, temperature, topK, topP, minP, seed, stop },
    { host, signal },
  ) {
    const model = await host.models.get(host.languageModel(reference), 'language', { signal });
    const tokens = await model.tokenizer.encode(prompt);
    const written: number[] = [];
    let text = '';
    const options = {
      ...samplingOf(model.info, { temperature, topK, topP, minP, repeatPenalty: undefined }),
      ...(seed !== undefined && { seed }),
      ...(stop !== undefined && { stop }),
    };
    for await (const event of model.generate({ tokens, maxTokens, ...options, signal })) {
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
  async function* ({ texts, model: reference, special }, { host, signal }) {
    const { tokenizer } = await host.models.get(reference, 'language', { signal });
    const encoded = await tokenizer.encodeBatch(texts, { addSpecialTokens: special });
    return { tokens: encoded.map((ids) => Array.from(ids)) };
  },
);

const logits = implement<typeof contracts.logits, TriviumContext>(
  contracts.logits,
  async function* ({ model: reference, tokens }, { host, signal }) {
    const model = await host.models.get(host.languageModel(reference), 'language', { signal });
    return { logits: Array.from(await model.logits(tokens, { signal })) };
  },
);

const pull = implementReporting(contracts.pull, ({ model }, { host, signal, report }) =>
  host.models.hub.pull(model, { signal, onProgress: report }),
);

const modelsList = implement<typeof contracts.modelsList, TriviumContext>(
  contracts.modelsList,
  async function* (_, { host }) {
    return { models: await host.models.hub.list() };
  },
);

const modelsVerify = implementReporting(contracts.modelsVerify, ({ model }, { host, signal, report }) =>
  host.models.hub.verify(model, { signal, onProgress: report }),
);

const modelsRemove = implement<typeof contracts.modelsRemove, TriviumContext>(
  contracts.modelsRemove,
  async function* ({ model }, { host }) {
    return host.models.hub.remove(model);
  },
);

export const models = definePlugin({
  name: 'models',
  capabilities: [
    embed,
    generate,
    chat,
    tokenize,
    logits,
    inspect,
    pull,
    modelsList,
    modelsVerify,
    modelsRemove,
  ],
});
