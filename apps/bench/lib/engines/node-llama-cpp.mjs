/** node-llama-cpp behind the face that `child.mjs` asks: its prebuilt CPU binaries, flash attention on, as it comes. */
import { readFileSync } from 'node:fs';
import { register } from 'node:module';

/** The build of ggml's CPU backend that was loaded: the file that is mapped, where the system tells. */
function loadedBuild() {
  try {
    return /libggml-cpu-(\w+)\.so/.exec(readFileSync('/proc/self/maps', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** Sampling that leaves the distribution alone. */
const untouched = { temperature: 1, topK: 0, topP: 1, minP: 0 };

export async function openNodeLlamaCpp({ file, contextTokens, threads, entry, replace }) {
  if (replace) register(new URL('./replace-package.mjs', import.meta.url), { data: replace });
  const { getLlama, JinjaTemplateChatWrapper } = await import(entry);
  // Never built from source: such figures could not be had again elsewhere.
  const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error', maxThreads: threads });
  const model = await llama.loadModel({ modelPath: file });
  const context = await model.createContext({
    contextSize: contextTokens,
    batchSize: 512,
    threads: { ideal: threads, min: threads },
    flashAttention: true,
  });
  const sequence = context.getSequence();
  let generation;

  async function begin(tokens) {
    await generation?.return();
    await sequence.clearHistory();
    generation = sequence.evaluate(tokens, { temperature: 0 });
    const start = performance.now();
    const first = await generation.next();
    if (first.done) throw new Error('node-llama-cpp generated nothing');
    return performance.now() - start;
  }

  return {
    facts: { build: loadedBuild(), threads: context.currentThreads, systemInfo: llama.systemInfo },
    async prefill(tokens) {
      return { tokens: tokens.length, ms: await begin(tokens) };
    },
    /** Goes on where `prefill` stopped; a token that ends generations makes it shorter, and the count says so. */
    async decode(_tokens, count) {
      const start = performance.now();
      let done = 0;
      while (done < count && !(await generation.next()).done) done += 1;
      if (done === 0) throw new Error('node-llama-cpp decoded nothing');
      return { tokens: done, ms: performance.now() - start };
    },
    async logits(tokens) {
      await generation?.return();
      await sequence.clearHistory();
      const rows = [];
      // One token at a time: all rows at once would be held as maps of a whole vocabulary each.
      for (const token of tokens) {
        const generateNext = { logits: true, options: untouched };
        const [{ next }] = await sequence.controlledEvaluate([[token, { generateNext }]]);
        const row = new Float32Array(next.logits.size);
        for (const [id, logit] of next.logits) row[id] = logit;
        rows.push(row);
      }
      return rows;
    },
    /** Without BOS; `special`: the text may spell special tokens. */
    tokenize: (text, special) => Array.from(model.tokenize(text, special)),
    async greedy(tokens, count) {
      await generation?.return();
      await sequence.clearHistory();
      generation = sequence.evaluate(tokens, { temperature: 0 });
      const written = [];
      for await (const token of generation) if (written.push(token) === count) break;
      return written;
    },
    /** A chat through the template of the file: `{ tokens }`, or `{ absent }` where there is none. */
    encodeChat(messages) {
      const template = model.fileInfo.metadata?.tokenizer?.chat_template;
      if (template === undefined) return { absent: 'the file has no chat template' };
      const { tokenizer } = model;
      // What it would add of its own is left off: the template alone is compared.
      const wrapper = new JinjaTemplateChatWrapper({
        template,
        tokenizer,
        reasoning: null,
        functionCallMessageTemplate: 'noJinja',
        joinAdjacentMessagesOfTheSameType: false,
        trimLeadingWhitespaceInResponses: false,
      });
      const chatHistory = messages.map(({ role, content }) =>
        role === 'assistant' ? { type: 'model', response: [content] } : { type: role, text: content },
      );
      chatHistory.push({ type: 'model', response: [] });
      const { contextText } = wrapper.generateContextState({ chatHistory });
      return { tokens: Array.from(contextText.tokenize(tokenizer)) };
    },
    dispose: () => llama.dispose(),
  };
}
