/** Implementations of the document capabilities: read, search, ask, summarize; `write` and those of files have files of their own. */
import { contracts, definePlugin, implement } from '@trivium/protocol';
import type { LongText, SummarizeProgress } from '../long-text/index.js';
import type { DownloadProgress } from '../models/hub/model-hub.js';
import type { PreloadProgress } from '../models/model-store.js';
import { documentsList, documentsText } from './document-files-capabilities.js';
import type { TriviumContext } from './host.js';
import { bringUpToDate, type ReadStep, readAll, type WarningStep, withLongText } from './long-text-host.js';
import { reporting } from './progress.js';
import { write } from './write-capability.js';

interface DeltaStep {
  type: 'text-delta';
  text: string;
}

const read = implement<typeof contracts.read, TriviumContext>(
  contracts.read,
  async function* ({ paths }, { host, signal }) {
    return yield* reporting<DownloadProgress | ReadStep, Awaited<ReturnType<LongText['read']>>>(
      signal,
      (report, signal) =>
        withLongText(paths, { host, signal, report }, (client) =>
          bringUpToDate(client, paths, signal, report),
        ),
    );
  },
);

const search = implement<typeof contracts.search, TriviumContext>(
  contracts.search,
  async function* ({ paths, query, limit }, { host, signal }) {
    return yield* reporting<
      DownloadProgress | ReadStep | WarningStep,
      { query: string; hits: Awaited<ReturnType<LongText['search']>> }
    >(signal, (report, signal) =>
      withLongText(paths, { host, signal, report }, async (client) => {
        await readAll(client, paths, signal, report);
        const onWarning = (message: string) => report({ type: 'warning', message });
        return { query, hits: await client.search(query, { limit, signal, onWarning }) };
      }),
    );
  },
);

/** Also what chats over documents are made of. */
export const ask = implement<typeof contracts.ask, TriviumContext>(
  contracts.ask,
  async function* ({ paths, question, model, limit }, { host, signal }) {
    const started = performance.now();
    return yield* reporting<
      PreloadProgress | ReadStep | WarningStep | DeltaStep,
      Awaited<ReturnType<LongText['ask']>> & { ms: number }
    >(signal, (report, signal) =>
      withLongText(paths, { host, signal, model, report }, async (client) => {
        await readAll(client, paths, signal, report);
        const running = client.ask(question, { signal, ...(limit !== undefined && { limit }) });
        for await (const text of running.textStream) report({ type: 'text-delta', text });
        const answer = await running;
        for (const message of answer.warnings) report({ type: 'warning', message });
        return { ...answer, ms: performance.now() - started };
      }),
    );
  },
);

const summarize = implement<typeof contracts.summarize, TriviumContext>(
  contracts.summarize,
  async function* ({ paths, words, ratio, query, model }, { host, signal }) {
    const started = performance.now();
    return yield* reporting<
      PreloadProgress | ReadStep | WarningStep | SummarizeProgress | DeltaStep,
      Awaited<ReturnType<LongText['summarize']>> & { ms: number }
    >(signal, (report, signal) =>
      withLongText(paths, { host, signal, model, report }, async (client) => {
        await readAll(client, paths, signal, report);
        const running = client.summarize({
          signal,
          onProgress: report,
          ...(words !== undefined && { words }),
          ...(ratio !== undefined && { ratio }),
          ...(query !== undefined && { query }),
        });
        for await (const text of running.textStream) report({ type: 'text-delta', text });
        const summary = await running;
        for (const message of summary.warnings) report({ type: 'warning', message });
        return { ...summary, ms: performance.now() - started };
      }),
    );
  },
);

export const documents = definePlugin({
  name: 'documents',
  capabilities: [read, search, ask, summarize, write, documentsList, documentsText],
});
