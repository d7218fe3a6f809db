import { createClient, documents } from '@trivium/sdk';

await using client = createClient();
const docs = client.use(documents);

// #region write
const writing = docs.write({
  paths: ['./handbook/deployment.md'],
  instruction: 'A short guide to deployment',
  words: 150,
  sections: 2,
  summaryRatio: 0.3,
  model: 'nano',
  stages: { expand: { temperature: 0 }, polish: { maxTotalTokens: 4000 } },
});
for await (const event of writing) {
  if (event.type === 'stage-start')
    console.log(`${event.stage}: ${event.words} words by ${event.model}`);
  if (event.type === 'section-end')
    console.log(`  section ${event.section}: ${event.words} words`);
  if (event.type === 'stage-end')
    console.log(`  ${event.usage.calls} calls, ${event.outcome}`);
}
const { words, citations } = await writing;
console.log(`${words} words, ${citations.length} citations`);
// #endregion write
