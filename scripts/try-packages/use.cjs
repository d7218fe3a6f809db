const { defineCapability, TriviumError } = require('@trivium/protocol');
const { createClient, createTrivium, documents } = require('@trivium/sdk');
const { createLongText } = require('@trivium/sdk/long-text');
const { generateText } = require('ai');

async function main() {
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
  // Made by the ES module's copy of the contracts, if there are two: the brand tells.
  const failure = await client
    .use(documents)
    .ask({ paths: ['absent.md'], question: 'x' })
    .then(
      () => undefined,
      (error) => error,
    );
  if (!TriviumError.isInstance(failure)) throw new Error(`expected an error of ours, not ${failure}`);
  await client[Symbol.asyncDispose]();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
