import { createClient, documents } from '@trivium/sdk';

await using client = createClient();
const docs = client.use(documents);

const { hits } = await docs.search({ paths: ['./handbook'], query: 'stop a stream' });
console.log(`${hits[0]?.path}:${hits[0]?.line}`);

const answer = await docs.ask({ paths: ['./handbook'], question: 'How do I stop a stream?' });
console.log(answer.text);
for (const { path, line } of answer.citations) console.log(`${path}:${line}`);
