import { createClient, documents } from '@trivium/sdk';

await using client = createClient();
const docs = client.use(documents);

const { hits } = await docs.search({
  paths: ['./handbook'],
  query: 'upgrade the server',
});
console.log(`${hits[0]?.path}:${hits[0]?.line}`);

const answer = await docs.ask({
  paths: ['./handbook'],
  question: 'How long does the first retry wait?',
});
console.log(answer.text);
for (const { path, line } of answer.citations) console.log(`${path}:${line}`);
