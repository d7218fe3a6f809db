// Runs the conformance suite and the AI SDK's own functions over our V3 and V4 models under ai 7.
import assert from 'node:assert/strict';
import { generateText, streamText } from 'ai';
import { conformanceChecks, scriptedModel } from '../../packages/sdk/dist/testing/index.js';

const model = process.argv[2];
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

if (model) {
  const { createTrivium } = await import('../../packages/sdk/dist/provider/index.js');
  for (const specification of ['v3', 'v4']) {
    const trivium = createTrivium({ specification });
    for (const { name, run } of conformanceChecks(() => trivium(model)))
      await check(`${specification}: ${name}`, run);
    await check(`${specification}: generateText`, async () => {
      const { usage } = await generateText({ model: trivium(model), prompt: 'Hello', maxOutputTokens: 4 });
      assert.ok(usage.outputTokens > 0);
    });
    await trivium.dispose();
  }
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
