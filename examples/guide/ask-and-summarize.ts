import { readFile } from 'node:fs/promises';
import { createClient, documents } from '@trivium/sdk';

await using client = createClient();
const docs = client.use(documents);

// #region ask
const { text, citations, mode } = await docs.ask({
  paths: ['./handbook'],
  question: 'What happens to a slow reader?',
  limit: 1,
});
console.log(mode);
console.log(text);
for (const { path, line } of citations) console.log(`${path}:${line}`);
// #endregion ask

// #region offsets
for (const { path, start, end, text } of citations) {
  const source = await readFile(path, 'utf8');
  console.log(source.slice(start, end) === text);
}
// #endregion offsets

// #region summarize
const summary = await docs.summarize({
  paths: ['./handbook'],
  words: 60,
  query: 'upgrades and backups',
});
console.log(summary.text);
// #endregion summarize
