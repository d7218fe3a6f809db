import { createTrivium, record, replay } from '@trivium/sdk/provider';
import { generateText } from 'ai';

await using trivium = createTrivium({ specification: 'v3' });

// #region record
const call = { prompt: 'What is Kubernetes?', maxOutputTokens: 24 };
const recorded = await generateText({
  model: record(trivium('nano'), './build/calls.jsonl'),
  ...call,
});
// #endregion record

// #region replay
const model = replay('./build/calls.jsonl'); // no model is loaded, no network is used
const { text } = await generateText({ model, ...call });
console.log(text === recorded.text);
// #endregion replay
