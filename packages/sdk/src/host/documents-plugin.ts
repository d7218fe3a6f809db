/** Implementations of the document capabilities: read, search, ask, summarize. */
import { contracts, definePlugin, implement } from '@trivium/protocol';
import type { ReadOptions } from '../documents/index.js';
import { createLongText, type LongText } from '../long-text/index.js';
import { TriviumLanguageModel } from '../provider/language-model.js';
import type { Host, TriviumContext } from './host.js';
import { reporting } from './progress.js';

interface ReadStep {
  type: 'read-progress';
  path: string;
  done: number;
  total: number;
}
interface DeltaStep {
  type: 'text-delta';
  text: string;
}

/** A client over the library of `paths`, with the embedded vectors and, where one is named, a language model. */
async function longTextOver(
  paths: readonly string[],
  host: Host,
  model: string | undefined,
  signal: AbortSignal,
): Promise<LongText> {
  const library = await host.library(paths);
  const language = model === undefined ? undefined : await host.models.get(model, 'language', { signal });
  return createLongText({
    library,
    embed: (texts, options) => host.embedSentences(texts, options?.signal),
    ...(language && {
      model: new TriviumLanguageModel(model!, 'v3', host.models),
      contextTokens: language.info.contextTokens,
    }),
  });
}

/** Brings the library up to date: what did not change since the last call costs a look at the files. */
async function bringUpToDate(
  client: LongText,
  paths: readonly string[],
  signal: AbortSignal,
  report: (step: ReadStep) => void,
) {
  const options: ReadOptions = {
    signal,
    onProgress: (progress) => report({ type: 'read-progress', ...progress }),
  };
  return client.read(paths, options);
}

const read = implement<typeof contracts.read, TriviumContext>(
  contracts.read,
  async function* ({ paths }, { host, signal }) {
    return yield* reporting<ReadStep, Awaited<ReturnType<LongText['read']>>>(async (report) =>
      bringUpToDate(await longTextOver(paths, host, undefined, signal), paths, signal, report),
    );
  },
);

const search = implement<typeof contracts.search, TriviumContext>(
  contracts.search,
  async function* ({ paths, query, limit }, { host, signal }) {
    return yield* reporting<ReadStep, { query: string; hits: Awaited<ReturnType<LongText['search']>> }>(
      async (report) => {
        const client = await longTextOver(paths, host, undefined, signal);
        await bringUpToDate(client, paths, signal, report);
        return { query, hits: await client.search(query, { limit, signal }) };
      },
    );
  },
);

const ask = implement<typeof contracts.ask, TriviumContext>(
  contracts.ask,
  async function* ({ paths, question, model, limit }, { host, signal }) {
    const started = performance.now();
    return yield* reporting<ReadStep | DeltaStep, Awaited<ReturnType<LongText['ask']>> & { ms: number }>(
      async (report) => {
        const client = await longTextOver(paths, host, model, signal);
        await bringUpToDate(client, paths, signal, report);
        const running = client.ask(question, { limit, signal });
        for await (const text of running.textStream) report({ type: 'text-delta', text });
        return { ...(await running), ms: performance.now() - started };
      },
    );
  },
);

const summarize = implement<typeof contracts.summarize, TriviumContext>(
  contracts.summarize,
  async function* ({ paths, words, ratio, query, model }, { host, signal }) {
    const started = performance.now();
    return yield* reporting<
      ReadStep | DeltaStep,
      Awaited<ReturnType<LongText['summarize']>> & { ms: number }
    >(async (report) => {
      const client = await longTextOver(paths, host, model, signal);
      await bringUpToDate(client, paths, signal, report);
      const running = client.summarize({
        signal,
        ...(words !== undefined && { words }),
        ...(ratio !== undefined && { ratio }),
        ...(query !== undefined && { query }),
      });
      for await (const text of running.textStream) report({ type: 'text-delta', text });
      return { ...(await running), ms: performance.now() - started };
    });
  },
);

export const documents = definePlugin({ name: 'documents', capabilities: [read, search, ask, summarize] });
