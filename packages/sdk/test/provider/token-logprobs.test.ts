/** What log-probabilities call tokens, of every kind of tokenizer: bytes that join to the text of the answer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createTrivium } from '../../src/provider/index.js';
import type { CallOptions, StreamPart } from '../../src/provider/specification.js';
import type { TokenLogprob } from '../../src/provider/token-logprobs.js';
import { writeTinyLlama } from '../tiny-llama.js';

const scratch = mkdtempSync(join(tmpdir(), 'trivium-logprobs-'));
const trivium = createTrivium({ specification: 'v3' });
afterAll(async () => {
  await trivium.dispose();
  rmSync(scratch, { recursive: true });
});

const logprobsOf = ({ providerMetadata }: { providerMetadata?: unknown }) =>
  (providerMetadata as { trivium: { logprobs: TokenLogprob[] } }).trivium.logprobs;
const joined = (logprobs: readonly TokenLogprob[]) =>
  Buffer.from(logprobs.flatMap(({ bytes }) => bytes)).toString();

describe.each(['gpt2', 'llama3', 'spm', 'unigram-bytes'])('bytes of tokens of %s', (tokenizer) => {
  const model = trivium(writeTinyLlama(join(scratch, tokenizer), tokenizer));

  it.each(['你好，世界 🌍🚀 the end', 'the weather of the day', '𝄞é'])('join to %s', async (text) => {
    const call: CallOptions = {
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'Say it.' }] }],
      providerOptions: { trivium: { logprobs: 3, grammar: { type: 'choice', choices: [text] } } },
    };
    const whole = await model.doGenerate(call);
    expect(whole.content).toEqual([{ type: 'text', text }]);
    const logprobs = logprobsOf(whole);
    expect(joined(logprobs)).toBe(text);

    const parts: StreamPart[] = [];
    for await (const part of (await model.doStream(call)).stream) parts.push(part);
    expect(parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('')).toBe(text);
    expect(logprobsOf(parts.at(-1) as object)).toEqual(logprobs);
    for (const { top, ...chosen } of logprobs)
      for (const { token, bytes } of [chosen, ...top])
        if (bytes.length > 0) expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(token);
  });
});

it('special tokens have a name and add nothing', async () => {
  const model = trivium(writeTinyLlama(join(scratch, 'named'), 'spm'));
  const result = await model.doGenerate({
    prompt: [{ role: 'user', content: [{ type: 'text', text: 'Say it.' }] }],
    maxOutputTokens: 1,
    providerOptions: { trivium: { logprobs: 0, logitBias: { 2: 1000 } } },
  });
  expect(logprobsOf(result)).toMatchObject([{ token: '<|eos|>', bytes: [] }]);
});
