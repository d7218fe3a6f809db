/** Implementation of `write`: documents in, events of three stages, a text with citations out. */
import { contracts, type ParsedInputOf } from '@trivium/protocol';
import type { StageOptions, WriteOptions } from '../long-text/index.js';
import type { Host } from './host.js';
import { languageModel, type ModelCall, readAll, withLongText } from './long-text-host.js';
import { implementReporting } from './reporting-capability.js';

type WriteInput = ParsedInputOf<typeof contracts.write>;
type StageInput = NonNullable<NonNullable<WriteInput['stages']>['expand']>;

export const write = implementReporting(contracts.write, async (input, { host, signal, report }) => {
  const started = performance.now();
  const call = { host, signal, report };
  return withLongText(input.paths, { ...call, model: mainModel(input, host) }, async (client) => {
    const options = await optionsOf(input, call);
    await readAll(client, input.paths, signal, report);
    const writing = client.write({ ...options, signal });
    for await (const event of writing.events) report(event);
    return { ...(await writing.result), ms: performance.now() - started };
  });
});

/**
 * The model of stages that name none: the host's where the call names none either.
 * @throws TriviumError as `Host.languageModel` does
 */
function mainModel({ model, stages }: WriteInput, host: Host): string | undefined {
  const { summary, expand, polish } = stages ?? {};
  const used = polish === false ? [summary, expand] : [summary, expand, polish];
  return used.every((stage) => stage?.model !== undefined) ? undefined : host.languageModel(model);
}

/** The call's options, with models in place of references; the paths are those that the library holds. */
async function optionsOf(input: WriteInput, call: ModelCall): Promise<WriteOptions> {
  const { paths: _paths, model: _model, words, stages, ...rest } = input;
  const { summary, expand, polish } = stages ?? {};
  return {
    ...given(rest),
    instruction: input.instruction,
    targetWords: words,
    stages: {
      ...(summary && {
        summary: {
          ...(await stageOf(summary, call)),
          ...(summary.ratio !== undefined && { ratio: summary.ratio }),
        },
      }),
      ...(expand && { expand: await stageOf(expand, call) }),
      ...(polish !== undefined && { polish: polish && (await stageOf(polish, call)) }),
    },
  };
}

async function stageOf({ model, ...stage }: StageInput, call: ModelCall): Promise<StageOptions> {
  return { ...given(stage), ...(model !== undefined && { model: await languageModel(model, call) }) };
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The fields that have a value. */
function given<T extends object>(fields: T): Given<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<T>;
}
