/** A writing as a server tells it, for tests: two sections, one of them rejected by polish, with a failure on request. */
import {
  type Citation,
  contracts,
  implement,
  type StageReport,
  TriviumError,
  type WriteStage,
} from '@trivium/protocol';

export const usage = { inputTokens: 10, cachedTokens: 0, outputTokens: 5, calls: 1 };
export const cited: Citation = { path: 'docs/a.md', start: 0, end: 5, text: 'Alpha', line: 3 };

const report = (stage: WriteStage): StageReport => ({
  stage,
  model: 'scripted',
  usage,
  words: 20,
  ms: 1,
  outcome: 'finished',
});

/** Fails in section 2 of `expand` until `heal` is called; what was done before is told again as resumed. */
export function scriptedWriting({ pauseMs = 0 } = {}) {
  const state = { isBroken: false, redone: [] as (WriteStage | undefined)[] };
  const implementation = implement<typeof contracts.write>(
    contracts.write,
    async function* ({ redo }, { signal }) {
      const pause = async () => {
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        signal.throwIfAborted();
      };
      state.redone.push(redo);
      yield { type: 'download-progress', file: 'writer.gguf', bytes: 40, totalBytes: 100 };
      await pause();
      yield { type: 'load-progress', share: 0.5 };
      await pause();
      yield { type: 'read-progress', path: 'docs/a.md', done: 1, total: 1 };
      yield { type: 'stage-start', stage: 'summary', words: 30, model: 'scripted' };
      yield { type: 'chunk-end', stage: 'summary', level: 1, chunk: 2, chunks: 4 };
      for (const text of ['1. Al', 'pha [1]\n', '2. Beta']) {
        await pause();
        yield { type: 'text-delta', stage: 'summary', text };
      }
      yield { type: 'citation', stage: 'summary', number: 1, citation: cited };
      yield { type: 'stage-end', ...report('summary') };
      for (const stage of ['expand', 'polish'] as const) {
        yield { type: 'stage-start', stage, words: 70, model: 'scripted' };
        for (const section of [1, 2]) {
          const title = `Section ${section}`;
          yield { type: 'section-start', stage, section, sections: 2, words: 35, title };
          await pause();
          if (state.isBroken && stage === 'expand' && section === 2)
            throw new TriviumError('unavailable', 'The provider is down.');
          const text = `${stage} ${section} [1]`;
          for (const delta of text.split(/(?= )/)) yield { type: 'text-delta', stage, section, text: delta };
          yield {
            type: 'section-end',
            stage,
            section,
            words: 3,
            text,
            ...(stage === 'polish' && section === 2 && { rejected: true }),
          };
        }
        yield { type: 'stage-end', ...report(stage) };
      }
      yield { type: 'warning', message: 'The text is short.' };
      const text = '1. Alpha [1]\n\npolish 1 [1]\n\nexpand 2 [1]';
      yield { type: 'finish', text, citations: [cited], usage };
      const stages = (['summary', 'expand', 'polish'] as const).map(report);
      return { text, citations: [cited], words: 9, stages, usage, warnings: ['The text is short.'], ms: 3 };
    },
  );
  return { implementation, state };
}
