import { defineCapability, TriviumError } from '@trivium/protocol';
import { createClient, createTrivium, documents } from '@trivium/sdk';
import { createLongText } from '@trivium/sdk/long-text';
import { generateText } from 'ai';

if (typeof defineCapability !== 'function' || typeof createLongText !== 'function')
  throw new Error('no function');
const client = createClient();
const answer = await client
  .use(documents)
  .ask({ paths: ['tea.md'], question: 'How long is green tea steeped?' });
console.log(answer.citations[0].text);
const { text } = await generateText({
  model: createTrivium({ specification: 'v3' })('nano'),
  prompt: 'Green tea',
  maxOutputTokens: 5,
});
console.log(text);
const failure = await client
  .use(documents)
  .ask({ paths: ['absent.md'], question: 'x' })
  .then(
    () => undefined,
    (error) => error,
  );
if (!TriviumError.isInstance(failure)) throw new Error(`expected an error of ours, not ${failure}`);
await client[Symbol.asyncDispose]();
