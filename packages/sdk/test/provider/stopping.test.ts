/** A stream that nobody wants any more ends the request in the engine, whatever that is doing. */
import type { GenerateEvent, NativeModel, Tokenizer } from '@trivium/native';
import { expect, it } from 'vitest';
import { TriviumLanguageModel } from '../../src/provider/language-model.js';
import { ScriptedEngine } from './scripted-engine.js';

/** An engine that is busy with a prompt: after the first event there is none, until it is told to stop. */
function prefilling(): AsyncIterableIterator<GenerateEvent> {
  const ended = { done: true as const, value: undefined };
  const begun = { done: false, value: { type: 'prefill-progress', done: 1, total: 2 } as const };
  let stop = () => {};
  const stopped = new Promise<typeof ended>((resolve) => {
    stop = () => resolve(ended);
  });
  let asked = 0;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => (++asked === 1 ? begun : stopped),
    return: async () => {
      stop();
      return ended;
    },
  };
}

it('cancelling a stream stops the engine at once, not behind its next event', async () => {
  const model: NativeModel = { ...new ScriptedEngine({ answers: [] }).model, generate: prefilling };
  const { stream } = await new TriviumLanguageModel('m', 'v4', { get: async () => model }).doStream({
    prompt: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
  });
  const reader = stream.getReader();
  expect((await reader.read()).value).toMatchObject({ type: 'stream-start' });
  expect((await reader.read()).value).toMatchObject({ type: 'response-metadata' });
  const waiting = reader.read();
  await reader.cancel();
  expect(await waiting).toEqual({ done: true, value: undefined });
});

it('an abort reaches the tokenizing of a prompt', async () => {
  const { model } = new ScriptedEngine({ answers: [] });
  const encode: Tokenizer['encode'] = (_text, { signal } = {}) =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  const get = async () => ({ ...model, tokenizer: { ...model.tokenizer, encode } });
  const abort = new AbortController();
  const answering = new TriviumLanguageModel('m', 'v4', { get }).doGenerate({
    prompt: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
    abortSignal: abort.signal,
  });
  setImmediate(() => abort.abort(new Error('enough')));
  await expect(answering).rejects.toThrow('enough');
});

it('an abort reaches the compilation of what an answer is held to', async () => {
  const compileGrammar: NativeModel['compileGrammar'] = (_source, { signal } = {}) =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  const model: NativeModel = { ...new ScriptedEngine({ answers: [] }).model, compileGrammar };
  const abort = new AbortController();
  const answering = new TriviumLanguageModel('m', 'v4', { get: async () => model }).doGenerate({
    prompt: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
    responseFormat: { type: 'json', schema: { type: 'object' } },
    abortSignal: abort.signal,
  });
  setImmediate(() => abort.abort(new Error('enough')));
  await expect(answering).rejects.toThrow('enough');
});
