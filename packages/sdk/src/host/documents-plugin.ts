/** Implementations of the document capabilities: read, search, ask, summarize; `write` and those of files have files of their own. */
import { contracts, definePlugin } from '@trivium/protocol';
import { documentsList, documentsText } from './document-files-capabilities.js';
import { bringUpToDate, readAll, withLongText } from './long-text-host.js';
import { implementReporting } from './reporting-capability.js';
import { write } from './write-capability.js';

const read = implementReporting(contracts.read, ({ paths }, { host, signal, report }) =>
  withLongText(paths, { host, signal, report }, (client) => bringUpToDate(client, paths, signal, report)),
);

const search = implementReporting(contracts.search, ({ paths, query, limit }, { host, signal, report }) =>
  withLongText(paths, { host, signal, report }, async (client) => {
    await readAll(client, paths, signal, report);
    const onWarning = (message: string) => report({ type: 'warning', message });
    return { query, hits: await client.search(query, { limit, signal, onWarning }) };
  }),
);

/** Also what chats over documents are made of. */
export const ask = implementReporting(
  contracts.ask,
  ({ paths, question, model, limit }, { host, signal, report }) => {
    const started = performance.now();
    return withLongText(paths, { host, signal, model, report }, async (client) => {
      await readAll(client, paths, signal, report);
      const running = client.ask(question, { signal, ...(limit !== undefined && { limit }) });
      for await (const text of running.textStream) report({ type: 'text-delta', text });
      const answer = await running;
      for (const message of answer.warnings) report({ type: 'warning', message });
      return { ...answer, ms: performance.now() - started };
    });
  },
);

const summarize = implementReporting(
  contracts.summarize,
  ({ paths, words, ratio, query, model }, { host, signal, report }) => {
    const started = performance.now();
    return withLongText(paths, { host, signal, model, report }, async (client) => {
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
    });
  },
);

export const documents = definePlugin({
  name: 'documents',
  capabilities: [read, search, ask, summarize, write, documentsList, documentsText],
});
