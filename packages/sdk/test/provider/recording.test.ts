/** What was recorded is what is replayed: conformance of both, and files that are not what they should be. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { APICallError, type LanguageModelV3 } from '@ai-sdk/provider';
import { TriviumError } from '@trivium/protocol';
import { generateText, streamText } from 'ai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AnyLanguageModel, createTrivium, record, replay } from '../../src/provider/index.js';
import { fromPlain, hashCall, plainOptions, toPlain } from '../../src/provider/recording-format.js';
import { conformanceChecks, scriptedModel } from '../../src/testing/index.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trivium-record-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const path = (name: string) => join(folder, `${name}.jsonl`);
const prompt = (text: string) => [{ role: 'user' as const, content: [{ type: 'text' as const, text }] }];
const model = () => scriptedModel(['one two three four'], { specification: 'v3' });
const local = fileURLToPath(
  new URL('../../../native/tests/fixtures/parity/llama-grouped-tied', import.meta.url),
);
const trivium = createTrivium({ specification: 'v3' });
afterAll(() => trivium.dispose());
const breaksOff = { code: 'replay-mismatch', message: expect.stringContaining('breaks off') };

describe('record', () => {
  for (const [index, check] of conformanceChecks(() => record(model(), path('record'))).entries())
    it(`${check.name} (${index})`, () => check.run());
});

describe('replay', () => {
  // One recorder for all checks: each of them finds its own calls in the file.
  const recorded = () => path('replay');
  beforeAll(async () => {
    const recorder = record(model(), recorded());
    for (const check of conformanceChecks(() => recorder)) await check.run();
    // Checks that stop half-way leave calls that break off: here they are once more, whole.
    const { stream } = await recorder.doStream({
      prompt: prompt('Tell a long story.'),
      maxOutputTokens: 256,
    });
    for await (const _ of stream);
  });
  for (const check of conformanceChecks(() => replay(recorded()))) it(check.name, () => check.run());
});

describe('a recording', () => {
  it('is of a model, not of a reference', () => {
    expect(() => record('nano' as never, path('nano'))).toThrow(
      expect.objectContaining({ code: 'invalid-argument', field: 'model' }),
    );
  });

  it('takes the addresses that the recorded model took', async () => {
    const source = model();
    const urls = { 'image/*': [/^https?:/i, /^gs:/], '*': [] };
    const call = {
      messages: [
        {
          role: 'user' as const,
          content: [{ type: 'image' as const, image: new URL('https://example.com/a.png') }],
        },
      ],
    };
    const refuse = async (asked: { isUrlSupportedByModel: boolean }[]) =>
      asked.map(({ isUrlSupportedByModel }) => {
        expect(isUrlSupportedByModel).toBe(true);
        return null;
      });
    for (const supportedUrls of [urls, Promise.resolve(urls)]) {
      Object.defineProperty(source, 'supportedUrls', { value: supportedUrls, configurable: true });
      const ask = async (from: LanguageModelV3) =>
        (await generateText({ model: from, ...call, experimental_download: refuse })).text;
      const text = await ask(record(source, path('urls')));
      const played = replay(path('urls'));
      expect(played.supportedUrls).toEqual(urls);
      expect(await ask(played)).toBe(text);
    }
  });

  it('gives ai 6 the same texts, in the order of the calls, then the last one', async () => {
    const source = scriptedModel(['first', 'second', 'third'], { specification: 'v3' });
    const recorder: LanguageModelV3 = record(source, path('order'));
    const ask = async (from: LanguageModelV3) => (await generateText({ model: from, prompt: 'same' })).text;
    const texts = [await ask(recorder), await ask(recorder)];
    for await (const _ of streamText({ model: recorder, prompt: 'same' }).textStream);
    const played: LanguageModelV3 = replay(path('order'));
    expect([await ask(played), await ask(played), await ask(played)]).toEqual([...texts, texts[1]]);
    expect(await streamText({ model: played, prompt: 'same' }).text).toBe('third');
  });

  it('keeps keys out, and dates and bytes as they are', async () => {
    const bytes = new Uint8Array([1, 2, 255]);
    const source = model();
    await record(source, path('values')).doGenerate({
      prompt: [{ role: 'user', content: [{ type: 'file', mediaType: 'image/png', data: bytes }] }],
      headers: { authorization: 'Bearer secret' },
    });
    expect(await readFile(path('values'), 'utf8')).not.toContain('secret');
    const again = await replay(path('values')).doGenerate({
      prompt: [{ content: [{ data: bytes, mediaType: 'image/png', type: 'file' }], role: 'user' }],
      headers: { authorization: 'Bearer another' },
    });
    expect(again.response.timestamp).toEqual(new Date(0));
  });

  it('refuses a call that was not recorded and names what differs', async () => {
    await record(model(), path('mismatch')).doGenerate({ prompt: prompt('a'), temperature: 0 });
    const played = replay(path('mismatch'));
    await expect(played.doGenerate({ prompt: prompt('a'), temperature: 1 })).rejects.toMatchObject({
      code: 'replay-mismatch',
      field: 'temperature',
      file: path('mismatch'),
    });
    await expect(played.doStream({ prompt: prompt('a'), temperature: 0 })).rejects.toMatchObject({
      code: 'replay-mismatch',
    });
  });

  it('replays failures as what they were, and says where a call breaks off', async () => {
    const busy = new APICallError({ message: 'busy', url: 'u', requestBodyValues: {}, statusCode: 503 });
    const failing: AnyLanguageModel = {
      ...model(),
      specificationVersion: 'v3',
      provider: 'test',
      modelId: 'failing',
      doGenerate: () => Promise.reject(busy),
      doStream: async () => ({
        stream: new ReadableStream({
          start(controller) {
            controller.enqueue({ type: 'stream-start', warnings: [] });
          },
          pull: (controller) => controller.error(new TriviumError('busy', 'full', { remedy: 'wait' })),
        }),
      }),
    };
    const recorder = record(failing, path('failures'));
    const options = { prompt: prompt('a') };
    const drain = async (from: AnyLanguageModel) => {
      for await (const _ of (await from.doStream(options)).stream);
    };
    await expect(recorder.doGenerate(options)).rejects.toBe(busy);
    await expect(drain(recorder)).rejects.toMatchObject({ code: 'busy' });
    const played = replay(path('failures'));
    await expect(played.doGenerate(options)).rejects.toSatisfy(
      (error) => APICallError.isInstance(error) && error.statusCode === 503 && error.isRetryable,
    );
    await expect(drain(played)).rejects.toMatchObject({ code: 'busy', remedy: 'wait' });
    const stopped = record(model(), path('stopped'));
    const reader = (await stopped.doStream(options)).stream.getReader();
    await reader.read();
    await reader.cancel();
    await expect(drain(replay(path('stopped')))).rejects.toMatchObject(breaksOff);
  });

  it('takes a stream that was aborted for no answer, though the model ends it with a last part', async () => {
    const recorder = record(trivium(local), path('aborted'));
    const options = { prompt: prompt('a'), maxOutputTokens: 200 };
    const read = async (from: AnyLanguageModel, abortAt?: string) => {
      const controller = new AbortController();
      const parts: string[] = [];
      const { stream } = await from.doStream({ ...options, abortSignal: controller.signal });
      for await (const part of stream) {
        parts.push(part.type);
        if (part.type === abortAt) controller.abort();
      }
      return parts;
    };
    expect((await read(recorder, 'stream-start')).slice(-2)).toEqual(['error', 'finish']);
    await expect(read(replay(path('aborted')))).rejects.toMatchObject(breaksOff);
    // One that was whole by then is an answer.
    const whole = await read(recorder, 'finish');
    expect(await read(replay(path('aborted')))).toEqual(whole);
  });

  it('takes a stream that was left while a part was waited for as no answer', async () => {
    let whenAsked = () => {};
    const asked = new Promise<void>((resolve) => {
      whenAsked = resolve;
    });
    let parts = 0;
    const pull = (controller: ReadableStreamDefaultController) =>
      ++parts === 1 ? controller.enqueue({ type: 'stream-start', warnings: [] }) : whenAsked();
    const waiting: AnyLanguageModel = {
      ...model(),
      specificationVersion: 'v3',
      provider: 'test',
      modelId: 'waiting',
      doGenerate: () => Promise.reject(new Error('not asked')),
      doStream: async () => ({ stream: new ReadableStream({ pull }, { highWaterMark: 0 }) }),
    };
    const { stream } = await record(waiting, path('left')).doStream({ prompt: prompt('a') });
    const reader = stream.getReader();
    await reader.read();
    const pending = reader.read();
    await asked;
    await reader.cancel();
    expect((await pending).done).toBe(true);
    const played = (await replay(path('left')).doStream({ prompt: prompt('a') })).stream.getReader();
    await played.read();
    await expect(played.read()).rejects.toMatchObject(breaksOff);
  });

  it.each([
    ['nothing', '', 1],
    ['no JSON', 'words\n', 1],
    ['another head', '{"type":"recording","version":2}\n', 1],
    ['a part of no call', '{"type":"part","call":3,"part":{}}\n', 2],
    ['a torn line', '{"type":"call","ca', 2],
  ])('that holds %s is refused with its line', async (name, body, line) => {
    const head = JSON.stringify({
      type: 'recording',
      version: 1,
      specificationVersion: 'v3',
      provider: 'p',
      modelId: 'm',
    });
    const file = path(name.replaceAll(' ', '-'));
    await writeFile(file, line === 1 ? body : `${head}\n${body}`);
    expect(() => replay(file)).toThrow(
      expect.objectContaining({ code: 'bad-format', field: `line ${line}` }),
    );
  });

  it('that is not there is not found', () => {
    expect(() => replay(path('none'))).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});

describe('the format', () => {
  it('carries values there and back', () => {
    const values = {
      date: new Date(5),
      url: new URL('https://a.test/'),
      big: 12n,
      bytes: new Uint8Array([1]),
      odd: { $date: 'not one of ours' },
      nested: [{ $object: 1 }, null, 'x', { a: { b: false } }],
    };
    expect(fromPlain(JSON.parse(JSON.stringify(toPlain(values))))).toEqual(values);
  });

  it('hashes what was asked, whatever the order of keys', () => {
    const hash = (options: object) => hashCall('stream', plainOptions(options as never));
    const base = { prompt: prompt('a'), seed: 1 };
    expect(hash({ seed: 1, abortSignal: new AbortController().signal, prompt: prompt('a') })).toBe(
      hash(base),
    );
    expect(hash({ ...base, topK: undefined })).toBe(hash(base));
    expect(hash({ ...base, seed: 2 })).not.toBe(hash(base));
  });
});
