/** Checkpoints of staged writing: going on, refusals that say what differs, damage, failing models and folders. */
import { randomUUID } from 'node:crypto';
import {
  chmod,
  copyFile,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLibrary } from '../../src/documents/index.js';
import { createLongText, type WriteOptions } from '../../src/long-text/index.js';
import { scriptedModel } from '../../src/testing/index.js';
import { factsText, obedientModel, obey, promptText } from './write-fakes.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trivium-checkpoint-'));
});
afterAll(() => rm(folder, { recursive: true }));

const text = factsText(60);
const base = { text, instruction: 'A briefing for the board', targetWords: 600, sections: 3 };
const failure = async (running: PromiseLike<unknown>) => {
  const error = await Promise.resolve(running).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(TriviumError.isInstance(error)).toBe(true);
  return error as TriviumError;
};
const write = (call: Partial<WriteOptions> = {}, model = obedientModel()) =>
  createLongText({ model }).write({ ...base, ...call });

test('a finished checkpoint answers again without a model, and its folder holds no other file', async () => {
  const checkpoint = join(folder, 'finished.json');
  const first = await write({ checkpoint });
  const model = obedientModel();
  const again = write({ checkpoint }, model);
  const resumed: boolean[] = [];
  for await (const event of again.events)
    if (event.type === 'section-end') resumed.push(event.resumed === true);
  const second = await again.result;
  expect(model.calls).toEqual([]);
  expect(resumed).toEqual(Array(6).fill(true));
  expect({ ...second, ms: 0, stages: [] }).toEqual({ ...first, ms: 0, stages: [] });
  expect(second.usage).toEqual(first.usage);
  expect((await readdir(folder)).filter((name) => name.includes('.tmp'))).toEqual([]);
});

test.each(['summary', 'expand', 'polish'] as const)(
  'redo %s writes that stage and those after it anew, and no stage before it',
  async (redo) => {
    const checkpoint = join(folder, `redo ${redo}.json`);
    const whole = obedientModel();
    const first = await write({ checkpoint }, whole);
    const model = obedientModel();
    const again = write({ checkpoint, redo }, model);
    const resumed: Record<string, boolean> = {};
    for await (const event of again.events)
      if (event.type === 'section-end') resumed[event.stage] = event.resumed === true;
    expect((await again.result).text).toBe(first.text);
    expect(resumed).toEqual({ expand: redo === 'polish', polish: false });
    const prompts = whole.calls.slice(whole.calls.length - model.calls.length).map(promptText);
    expect(model.calls.map(promptText)).toEqual(prompts);
    expect(model.calls.length).toBe({ summary: whole.calls.length, expand: 6, polish: 3 }[redo]);
    const kept = obedientModel();
    await write({ checkpoint }, kept);
    expect(kept.calls).toEqual([]);
  },
);

test.each([
  ['another source', { text: factsText(61) }, 'source'],
  ['another instruction', { instruction: 'A letter to the staff' }, 'instruction'],
  ['another length', { targetWords: 700 }, 'settings.targetWords'],
  ['another ratio', { summaryRatio: 0.2 }, 'settings.summaryRatio'],
  ['a stage less', { stages: { polish: false as const } }, 'polish'],
  ['another temperature', { stages: { expand: { temperature: 0.5 } } }, 'settings.stages.expand.temperature'],
])('a checkpoint of %s is refused and left alone', async (name, change, field) => {
  const checkpoint = join(folder, `refused ${name}.json`);
  await write({ checkpoint });
  const before = await readFile(checkpoint, 'utf8');
  const error = await failure(write({ checkpoint, ...change }));
  expect(error).toMatchObject({ code: 'invalid-argument', file: checkpoint });
  expect(error.field).toContain(field);
  expect([error.found, error.expected, error.remedy].every(Boolean)).toBe(true);
  expect(await readFile(checkpoint, 'utf8')).toBe(before);
});

test('another model is another call', async () => {
  const checkpoint = join(folder, 'model.json');
  await write({ checkpoint });
  const error = await failure(write({ checkpoint }, obedientModel('other')));
  expect(error).toMatchObject({ field: 'settings.stages.summary.model', found: 'trivium.scripted:obedient' });
});

test('a damaged checkpoint, or any other file, is a bad format and stays as it is', async () => {
  const checkpoint = join(folder, 'damaged.json');
  await write({ checkpoint });
  const whole = await readFile(checkpoint, 'utf8');
  const damaged = [
    '',
    '{}',
    'null',
    '# My notes\n',
    '[1,2]',
    whole.slice(0, whole.length / 2),
    whole.replace('Record 3 ', 'Record 4 '),
    whole.replace('"version":1', '"version":2'),
    whole.replace('trivium-write-checkpoint', 'other'),
  ];
  for (const content of damaged) {
    await writeFile(checkpoint, content);
    const error = await failure(write({ checkpoint }));
    expect(error).toMatchObject({ code: 'bad-format', file: checkpoint, field: 'checkpoint' });
    expect(error.remedy).toBeTruthy();
    expect(await readFile(checkpoint, 'utf8')).toBe(content);
  }
});

test('a checkpoint that cannot be written is an error before any model is called', async () => {
  const model = obedientModel();
  const error = await failure(write({ checkpoint: join(folder, 'missing', 'state.json') }, model));
  expect(error).toMatchObject({
    code: 'not-found',
    message: `There is no folder ${join(folder, 'missing')} to keep the checkpoint in.`,
    file: join(folder, 'missing', 'state.json'),
  });
  expect(await failure(write({ checkpoint: folder }, model))).toMatchObject({
    code: 'invalid-argument',
    message: `${folder} is a folder, and a checkpoint is a file.`,
    field: 'checkpoint',
    remedy: 'Name a file in it.',
  });
  expect(model.calls).toEqual([]);
});

test.each([1, 2, 3, 5, 7])(
  'a model that fails at call %i: its error surfaces and the rest goes on later',
  async (at) => {
    const checkpoint = join(folder, `failing ${at}.json`);
    const whole = await write();
    const failing = scriptedModel(
      (options, call) => {
        if (call === at - 1) throw new Error('the provider is down');
        return obey(options);
      },
      { specification: 'v3', modelId: 'obedient', wordsPerDelta: 12 },
    );
    const running = write({ checkpoint }, failing);
    await expect(running.result).rejects.toThrow('the provider is down');
    await expect(
      (async () => {
        for await (const event of running.events) expect(event.type).not.toBe('finish');
      })(),
    ).rejects.toThrow('the provider is down');
    const model = obedientModel();
    expect((await write({ checkpoint }, model)).text).toBe(whole.text);
    expect(model.calls.length).toBe(7 - (at - 1));
  },
);

test('an abort rejects with its reason; leaving the events stops the work as cancelled', async () => {
  const checkpoint = join(folder, 'aborted.json');
  const controller = new AbortController();
  const aborted = write({ checkpoint, signal: controller.signal });
  const reading = (async () => {
    for await (const event of aborted.events)
      if (event.type === 'section-start') controller.abort(new Error('enough'));
  })();
  await expect(reading).rejects.toThrow('enough');
  await expect(aborted.result).rejects.toThrow('enough');

  const left = write({ checkpoint });
  for await (const event of left.events) if (event.type === 'section-end') break;
  expect((await failure(left)).code).toBe('cancelled');
  expect((await write({ checkpoint })).text).toBe((await write()).text);
  await expect(write({ signal: AbortSignal.abort(new Error('before')) }).result).rejects.toThrow('before');
});

test('stages that ended early end there again when they are resumed', async () => {
  const checkpoint = join(folder, 'budget.json');
  const stages = { expand: { maxTotalTokens: 6000 }, polish: false as const };
  const first = await write({ checkpoint, stages, sections: 5, targetWords: 1000 });
  const model = obedientModel();
  const second = await write({ checkpoint, stages, sections: 5, targetWords: 1000 }, model);
  expect(first.stages[1]!.outcome).toBe('budget');
  expect(model.calls).toEqual([]);
  expect(second.text).toBe(first.text);
  expect(second.warnings).toEqual(first.warnings);
});

test('a checkpoint whose passages were cut by another count of tokens is refused', async () => {
  const checkpoint = join(folder, 'passages.json');
  await write({ checkpoint });
  const before = await readFile(checkpoint, 'utf8');
  const countTokens = async (counted: string) => Math.ceil(counted.length * 1.2);
  const error = await failure(
    createLongText({ model: obedientModel(), countTokens }).write({ ...base, checkpoint }),
  );
  expect(error).toMatchObject({ code: 'invalid-argument', field: 'countTokens', file: checkpoint });
  expect(error.message).toContain('other passages');
  expect(error.found).not.toBe(error.expected);
  expect(await readFile(checkpoint, 'utf8')).toBe(before);
});

test.each(['summary', 'polish'] as const)('redo %s loses nothing to a model that is down', async (redo) => {
  const checkpoint = join(folder, `down ${redo}.json`);
  const first = await write({ checkpoint });
  const down = scriptedModel(
    () => {
      throw new Error('the provider is down');
    },
    { specification: 'v3', modelId: 'obedient' },
  );
  await expect(write({ checkpoint, redo }, down).result).rejects.toThrow('the provider is down');
  const kept = obedientModel();
  expect((await write({ checkpoint }, kept)).text).toBe(first.text);
  expect(kept.calls).toEqual([]);
});

test('fractions of countTokens are whole tokens of the checkpoint, and what is no count is refused', async () => {
  const checkpoint = join(folder, 'fractions.json');
  const run = (countTokens: (text: string) => Promise<number>) =>
    createLongText({ model: obedientModel(), countTokens }).write({ ...base, checkpoint }).result;
  const quarters = async (given: string) => given.length / 4 + 0.1;
  const first = await run(quarters);
  expect((await run(quarters)).text).toBe(first.text);
  expect((await failure(run(async () => Number.NaN))).field).toBe('countTokens');
});

test('a link to a checkpoint stays one, and who may read the file still may', async () => {
  const target = join(folder, 'linked-to.json');
  const checkpoint = join(folder, 'link.json');
  await write({ checkpoint: target });
  await chmod(target, 0o640);
  await symlink(target, checkpoint);
  await write({ checkpoint, redo: 'polish' });
  expect((await lstat(checkpoint)).isSymbolicLink()).toBe(true);
  expect((await stat(target)).mode & 0o777).toBe(0o640);
});

test('what a killed process left of a checkpoint among the documents is no source, and goes', async () => {
  const documents = await mkdtemp(join(folder, 'documents-'));
  await writeFile(join(documents, 'a.md'), text);
  const checkpoint = join(documents, 'briefing.json');
  const run = async () => {
    await using library = await createLibrary({ cacheDir: false, staticModel: false, inProcess: true });
    const client = createLongText({ model: obedientModel(), library });
    await client.read([documents]);
    const { instruction, targetWords, sections } = base;
    return (await client.write({ instruction, targetWords, sections, checkpoint }).result).text;
  };
  const first = await run();
  const left = `${checkpoint}.${randomUUID()}.tmp`;
  await copyFile(checkpoint, left);
  expect(await run()).toBe(first);
  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(left, longAgo, longAgo);
  expect(await run()).toBe(first);
  expect((await readdir(documents)).sort()).toEqual(['a.md', 'briefing.json']);
});
