/**
 * Properties of staged writing over random settings, with a model that obeys: order of stages, share of the summary,
 * length, citations, plain-data events, room of the context, and the same bytes after being killed at any event.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contracts, type WriteEvent } from '@trivium/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countWords, createLongText, type WriteOptions } from '../../src/long-text/index.js';
import { estimateTokens } from '../../src/long-text/model-measures.js';
import type { ScriptedModel } from '../../src/testing/index.js';
import { countOddTokens, factsText, obedientModel, promptText, randomNumbers } from './write-fakes.js';

const settingsAtLeast = 100;
const groups = 20;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trivium-write-'));
});
afterAll(() => rm(folder, { recursive: true }));

function randomSettings(seed: number) {
  const random = randomNumbers(seed * 7919 + 1);
  random.next();
  const language = random.pick(['en', 'zh'] as const);
  const contextTokens = random.pick([1600, 2400, 8192, 32_000]);
  const isOdd = random.next() < 0.4;
  return {
    random,
    contextTokens,
    isOdd,
    text: factsText(random.between(30, contextTokens < 8000 ? 120 : 300), language),
    call: {
      instruction: language === 'en' ? 'A briefing for the board' : '给董事会的简报',
      targetWords: random.between(200, 3000),
      summaryRatio: random.between(10, 50) / 100,
      ...(random.next() < 0.5 && { sections: random.between(1, 12) }),
      ...(random.next() < 0.3 && { stages: { polish: false as const } }),
    } satisfies WriteOptions,
  };
}

type Settings = ReturnType<typeof randomSettings>;

function start({ contextTokens, isOdd, text, call }: Settings, model: ScriptedModel<'v3'>, extra = {}) {
  const client = createLongText({ model, contextTokens, ...(isOdd && { countTokens: countOddTokens }) });
  return client.write({ ...call, text, ...extra });
}

async function collect(events: AsyncIterable<WriteEvent>): Promise<WriteEvent[]> {
  const all: WriteEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

function checkOrder(events: readonly WriteEvent[], isPolished: boolean): void {
  const stages = isPolished ? ['summary', 'expand', 'polish'] : ['summary', 'expand'];
  const marks = events.flatMap((event) =>
    event.type === 'stage-start' || event.type === 'stage-end' ? [`${event.type} ${event.stage}`] : [],
  );
  expect(marks).toEqual(stages.flatMap((stage) => [`stage-start ${stage}`, `stage-end ${stage}`]));
  expect(events.at(-1)!.type).toBe('finish');
  let stage: string | undefined;
  let section: number | undefined;
  for (const event of events) {
    if (event.type === 'stage-start') stage = event.stage;
    if (event.type === 'section-start') section = event.section;
    if ('stage' in event && event.stage !== undefined) expect(event.stage).toBe(stage);
    if (event.type === 'text-delta' && event.stage !== 'summary') expect(event.section).toBe(section);
    if (event.type === 'section-end') expect(event.section).toBe(section);
  }
}

async function checkRoom({ calls }: ScriptedModel<'v3'>, { contextTokens, isOdd }: Settings): Promise<void> {
  for (const call of calls) {
    const { system, user } = promptText(call);
    const tokens = isOdd
      ? await countOddTokens(`${system}\n\n${user}`)
      : estimateTokens(`${system}\n\n${user}`);
    expect(tokens + call.maxOutputTokens!).toBeLessThanOrEqual(contextTokens);
  }
}

test.each(Array.from({ length: groups }, (_, i) => i))('random settings, group %i', async (group) => {
  for (let seed = group; seed < settingsAtLeast; seed += groups) {
    const settings = randomSettings(seed);
    const { call, text: source, random } = settings;
    const model = obedientModel();
    const running = start(settings, model);
    const streamed: string[] = [];
    const streaming = (async () => {
      for await (const piece of running.textStream) streamed.push(piece);
    })();
    // Where the writing fails, its events say so first.
    streaming.catch(() => undefined);
    const events = await collect(running.events);
    await streaming;
    const result = await running.result;

    checkOrder(events, !('stages' in call));
    for (const event of events) {
      expect(JSON.parse(JSON.stringify(event))).toEqual(event);
      expect(contracts.writeEvent.parse(event)).toEqual(event);
    }
    const [summary] = result.stages;
    expect(
      Math.abs(summary!.words / call.targetWords - call.summaryRatio),
      `seed ${seed}`,
    ).toBeLessThanOrEqual(0.02);
    expect(Math.abs(countWords(result.text) / call.targetWords - 1), `seed ${seed}`).toBeLessThanOrEqual(0.1);
    expect(streamed.join('')).toBe(result.text);
    expect(result.citations.length).toBeGreaterThan(0);
    for (const { start: from, end, text } of result.citations) expect(source.slice(from, end)).toBe(text);
    const order = [...result.text.matchAll(/\[(\d+)\]/gu)].map(([, number]) => Number(number));
    expect([...new Set(order)]).toEqual(result.citations.map((_, i) => i + 1));
    await checkRoom(model, settings);

    await checkResumed(settings, seed, {
      text: result.text,
      citations: result.citations,
      calls: model.calls.length,
      killAt: random.between(0, events.length - 2),
      byThrowing: random.next() < 0.5,
    });
  }
});

interface Expected {
  text: string;
  citations: unknown;
  calls: number;
  killAt: number;
  byThrowing: boolean;
}

/** Kills the same call at an event, then lets it go on: the bytes are those of the call that nobody stopped. */
async function checkResumed(settings: Settings, seed: number, expected: Expected): Promise<void> {
  const checkpoint = join(folder, `${seed}.json`);
  const controller = new AbortController();
  const killed = obedientModel();
  const first = start(settings, killed, { checkpoint, signal: controller.signal });
  let seen = 0;
  const reading = (async () => {
    for await (const _ of first.events) {
      if (seen++ !== expected.killAt) continue;
      if (expected.byThrowing) throw new Error('killed');
      controller.abort(new Error('killed'));
    }
  })();
  // An abort that comes when the last section is written stops nothing any more.
  await reading.catch((error: Error) => expect(error.message).toBe('killed'));
  await first.result.catch(() => undefined);
  JSON.parse(await readFile(checkpoint, 'utf8'));

  const model = obedientModel();
  const second = start(settings, model, { checkpoint });
  const events = await collect(second.events);
  const { text, citations } = await second.result;
  expect(text, `seed ${seed}, killed at event ${expected.killAt}`).toBe(expected.text);
  expect(citations).toEqual(expected.citations);
  checkOrder(events, !('stages' in settings.call));
  // What was under way when it was killed is done again, nothing else.
  expect(model.calls.length).toBeLessThanOrEqual(expected.calls);
  const asked = new Set(model.calls.map((call) => promptText(call).user));
  const again = killed.calls.filter((call) => asked.has(promptText(call).user));
  const unitCalls = 14;
  expect(again.length).toBeLessThanOrEqual(unitCalls);
  expect(killed.calls.length + model.calls.length).toBeGreaterThanOrEqual(expected.calls);
}
