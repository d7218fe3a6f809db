// Runs the conformance suite and the AI SDK's own functions over our V3 and V4 models under ai 7.
// Usage: node run.mjs MODEL EMBEDDER
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { embedMany, generateText, rerank, streamText } from 'ai';
import { getEngine } from '../../packages/native/dist/index.js';
import { createTrivium, fallback, record, replay } from '../../packages/sdk/dist/provider/index.js';
import { conformanceChecks, scriptedModel } from '../../packages/sdk/dist/testing/index.js';

const [model, embedder] = process.argv.slice(2);
let passed = 0;
let failed = 0;
async function check(name, run) {
  try {
    await run();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.error(`FAILED ${name}: ${error.stack}`);
  }
}

for (const specification of ['v3', 'v4']) {
  const make = () => scriptedModel(['one two three four'], { specification });
  for (const { name, run } of conformanceChecks(make)) await check(`scripted ${specification}: ${name}`, run);
  await check(`scripted ${specification}: generateText`, async () => {
    assert.equal((await generateText({ model: make(), prompt: 'x' })).text, 'one two three four');
  });
  await check(`scripted ${specification}: streamText`, async () => {
    let text = '';
    for await (const delta of streamText({ model: make(), prompt: 'x' }).textStream) text += delta;
    assert.equal(text, 'one two three four');
  });
}

// `ai` 7 puts a Proxy around V3 models.
const folder = await mkdtemp(join(tmpdir(), 'trivium-ai-7-'));
for (const specification of ['v3', 'v4']) {
  const file = join(folder, `${specification}.jsonl`);
  const make = () => scriptedModel(['one two three four'], { specification });
  const models = {
    fallback: () => fallback([make()]),
    record: () => record(make(), file),
    replay: () => replay(file),
  };
  for (const [name, model] of Object.entries(models)) {
    await check(`${name} ${specification}: generateText and streamText`, async () => {
      const asked = { model: model(), prompt: 'x' };
      assert.equal((await generateText(asked)).text, 'one two three four');
      assert.equal(await streamText(asked).text, 'one two three four');
    });
  }
}
await rm(folder, { recursive: true });

for (const specification of ['v3', 'v4']) {
  await using trivium = createTrivium({ specification });
  for (const { name, run } of conformanceChecks(() => trivium(model)))
    await check(`${specification}: ${name}`, run);
  const settings = { model: trivium(model), prompt: 'Hello', temperature: 0 };
  await check(`${specification}: streamText writes what generateText writes`, async () => {
    const { text, usage } = await generateText({ ...settings, maxOutputTokens: 16 });
    assert.equal(usage.outputTokens, 16);
    const streamed = streamText({ ...settings, maxOutputTokens: 16 });
    let found = '';
    for await (const delta of streamed.textStream) found += delta;
    assert.equal(found, text);
    assert.equal((await streamed.usage).outputTokens, 16);
  });
  await check(`${specification}: streamText stops when aborted`, async () => {
    const controller = new AbortController();
    const parts = [];
    const streamed = streamText({ ...settings, maxOutputTokens: 200, abortSignal: controller.signal });
    for await (const part of streamed.fullStream) {
      parts.push(part.type);
      if (part.type === 'text-delta') controller.abort();
    }
    assert.ok(parts.includes('abort'), parts.join(' '));
    for (let turn = 0; turn < 200 && getEngine().stats().liveSequences > 0; turn++) await pause(10);
    assert.equal(getEngine().stats().liveSequences, 0);
  });
  await check(`${specification}: embedMany`, async () => {
    const values = ['one', 'two', 'one'];
    const { embeddings } = await embedMany({ model: trivium.embeddingModel(embedder), values });
    assert.equal(embeddings.length, 3);
    assert.deepEqual(embeddings[0], embeddings[2]);
    assert.notDeepEqual(embeddings[0], embeddings[1]);
  });
  await check(`${specification}: rerank`, async () => {
    const documents = ['one', 'two'];
    const { ranking } = await rerank({ model: trivium.rerankingModel(embedder), documents, query: 'one' });
    assert.equal(ranking[0].originalIndex, 0);
  });
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
