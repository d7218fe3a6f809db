/** How a call samples: what it says itself goes before what the model's file asks for, and that before greed. */
import { expect, it } from 'vitest';
import { ScriptedEngine } from './scripted-engine.js';

const sampling = { temperature: 0.6, topK: 20, minP: 0.05, repeatPenalty: 1.1 };
const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'x' }] }];

/** What the engine is asked for by a call with these settings. */
async function asked(settings: object, engine = new ScriptedEngine({ answers: ['x'], sampling })) {
  await engine.languageModel('v4').doGenerate({ prompt, ...settings });
  const { temperature, topK, topP, minP, repeatPenalty } = engine.requests[0]!;
  return { temperature, topK, topP, minP, repeatPenalty };
}

it('takes what the file says where the call says nothing', async () => {
  expect(await asked({})).toEqual({ ...sampling, topP: undefined });
});

it('takes what the call says, zero and one included', async () => {
  expect(
    await asked({
      temperature: 0,
      topK: 5,
      topP: 0.9,
      providerOptions: { trivium: { minP: 0, repeatPenalty: 1 } },
    }),
  ).toEqual({ temperature: 0, topK: 5, topP: 0.9, minP: 0, repeatPenalty: 1 });
});

it('is greedy where neither says anything', async () => {
  const silent = new ScriptedEngine({ answers: ['x'] });
  expect(await asked({}, silent)).toEqual({ temperature: 0 });
});
