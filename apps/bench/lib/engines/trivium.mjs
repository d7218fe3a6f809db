/** Our engine behind the face that `child.mjs` asks; TRIVIUM_ISA of the process limits its instructions. */
import { getEngine } from '@trivium/native';

export async function openTrivium({ file, contextTokens }) {
  const model = await getEngine().loadModel(file, { contextTokens });
  const { name, threads } = getEngine().backend;
  const { tensors } = await getEngine().inspect(file);
  // Of the embedding table a step reads one row.
  const read = tensors.filter((tensor) => tensor.name !== 'token_embd.weight');
  const bytesPerToken = read.reduce((sum, { bytes }) => sum + bytes, 0);

  /** Times of every token of a greedy generation, the start first. */
  async function generate(tokens, count) {
    const times = [performance.now()];
    let usage;
    for await (const event of model.generate({ tokens, maxTokens: count, stopTokens: [] })) {
      if (event.type === 'token') times.push(performance.now());
      if (event.type === 'finish') usage = event.usage;
    }
    return { times, usage };
  }

  return {
    facts: { build: name, threads, bytesPerToken, vocabularySize: model.info.vocabularySize },
    async prefill(tokens) {
      const { times, usage } = await generate(tokens, 1);
      if (usage.cachedTokens > 0) throw new Error(`${usage.cachedTokens} tokens of the prompt were cached`);
      return { tokens: tokens.length, ms: times[1] - times[0] };
    },
    /** The prompt's pages are cached from `prefill`; the clock starts when its last token is done. */
    async decode(tokens, count) {
      const { times } = await generate(tokens, count + 1);
      return { tokens: times.length - 2, ms: times.at(-1) - times[1] };
    },
    async logits(tokens) {
      const rows = [];
      for (let length = 1; length <= tokens.length; length++)
        rows.push(await model.logits(tokens.slice(0, length)));
      return rows;
    },
    /** Of the last position only. */
    logitsAfter: (tokens) => model.logits(tokens),
    encode: async (text) => Array.from(await model.tokenizer.encode(text)),
    /** Without what the tokenizer adds by itself; `special`: the text may spell special tokens. */
    tokenize: async (text, special) =>
      Array.from(
        await model.tokenizer.encode(text, { addSpecialTokens: false, parseSpecialTokens: special }),
      ),
    specialTokens: () => [...model.tokenizer.specialTokens],
    /** Ids of a greedy continuation, which ends where the model ends it. */
    async greedy(tokens, count) {
      const written = [];
      for await (const event of model.generate({ tokens, maxTokens: count }))
        if (event.type === 'token' && !model.info.stopTokens.includes(event.id)) written.push(event.id);
      return written;
    },
    dispose: () => model.dispose(),
  };
}
