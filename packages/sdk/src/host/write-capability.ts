/** Implementation of `write`: documents in, events of three stages, a text with citations out. */
import { contracts, implement, type ParsedInputOf, type WriteEvent } from '@trivium/protocol';
import type { StageOptions, WriteOptions, WrittenText } from '../long-text/index.js';
import type { Host, TriviumContext } from './host.js';
import { languageModel, type ReadStep, readAll, type WarningStep, withLongText } from './long-text-host.js';
import { reporting } from './progress.js';

type WriteInput = ParsedInputOf<typeof contracts.write>;
type StageInput = NonNullable<NonNullable<WriteInput['stages']>['expand']>;

export const write = implement<typeof contracts.write, TriviumContext>(
  contracts.write,
  async function* (input, { host, signal }) {
    const started = performance.now();
    return yield* reporting<ReadStep | WarningStep | WriteEvent, WrittenText>((report) =>
      withLongText(input.paths, { host, signal, model: input.model }, async (client) => {
        const options = await optionsOf(input, host, signal);
        await readAll(client, input.paths, signal, report);
        const writing = client.write({ ...options, signal });
        for await (const event of writing.events) report(event);
        return { ...(await writing.result), ms: performance.now() - started };
      }),
    );
  },
);

/** The call's options, with models in place of references; the paths are those that the library holds. */
async function optionsOf(input: WriteInput, host: Host, signal: AbortSignal): Promise<WriteOptions> {
  const { paths: _paths, model: _model, words, stages, ...rest } = input;
  const { summary, expand, polish } = stages ?? {};
  return {
    ...given(rest),
    instruction: input.instruction,
    targetWords: words,
    stages: {
      ...(summary && {
        summary: {
          ...(await stageOf(summary, host, signal)),
          ...(summary.ratio !== undefined && { ratio: summary.ratio }),
        },
      }),
      ...(expand && { expand: await stageOf(expand, host, signal) }),
      ...(polish !== undefined && { polish: polish && (await stageOf(polish, host, signal)) }),
    },
  };
}

async function stageOf(
  { model, ...stage }: StageInput,
  host: Host,
  signal: AbortSignal,
): Promise<StageOptions> {
  return { ...given(stage), ...(model !== undefined && (await languageModel(model, host, signal))) };
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The fields that have a value. */
function given<T extends object>(fields: T): Given<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<T>;
}
