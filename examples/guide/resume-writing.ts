import { rm } from 'node:fs/promises';
import { createClient, documents } from '@trivium/sdk';

await using client = createClient();
const docs = client.use(documents);
await rm('./build/guide.json', { force: true });

// #region resume
const task = {
  paths: ['./handbook/deployment.md'],
  instruction: 'A short guide to deployment',
  words: 150,
  sections: 2,
  model: 'nano',
  checkpoint: './build/guide.json',
};
for await (const event of docs.write(task)) {
  if (event.type === 'section-end' && event.section === 1) break; // leaving the loop stops the work
}

let taken = 0;
const again = docs.write(task);
for await (const event of again) {
  if (event.type === 'section-end' && event.resumed) taken += 1;
}
console.log(
  `${taken} section taken from the checkpoint, ${(await again).stages.length} stages done`,
);
// #endregion resume
