// Reads the documentation that ships inside the installed `ai` package (238 pages, 1.8 MB), then summarizes it and
// answers three questions with citations: no key, no server, no language model. At the end the small language model that
// travels with Trivium writes a short text in stages about one page. Run it with `npm run demo`.
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { createClient, documents } from '@trivium/sdk';

const folder = join(dirname(createRequire(import.meta.url).resolve('ai/package.json')), 'docs');
const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
const place = ({ path, line }) => `${relative(folder, path)}:${line}`;

const client = createClient();
const docs = client.use(documents);
const paths = [folder];

const report = await docs.read(
  { paths },
  {
    onProgress: ({ type, done, total }) =>
      type === 'read-progress' && process.stderr.isTTY && process.stderr.write(`\rreading ${done}/${total} `),
  },
);
if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
console.log(
  `Read ${report.documents} pages, ${report.characters.toLocaleString('en')} characters, ` +
    `${report.tokens.toLocaleString('en')} tokens in ${(report.ms / 1000).toFixed(1)} s\n`,
);

const summary = await docs.summarize({ paths, words: 120 });
console.log(`Summary (${summary.mode}, ${summary.citations.length} citations)\n`);
for (const citation of summary.citations)
  console.log(`  ${citation.text.replace(/\s+/g, ' ')}  [${place(citation)}]`);

for (const question of [
  'How do I stop a stream when the user leaves the page?',
  'What happens when a tool call fails?',
  '如何让模型输出符合某个 schema 的对象？',
]) {
  const answer = await docs.ask({ paths, question });
  console.log(`\n${question}\n`);
  console.log(answer.text.trim().replace(/^/gm, '  '));
  for (const [index, citation] of answer.citations.entries())
    console.log(`  [${index + 1}] ${place(citation)}`);
}

const page = join(folder, '06-advanced', '02-stopping-streams.mdx');
const written = await docs.write({
  paths: [page],
  instruction: 'How to stop a stream',
  words: 120,
  sections: 2,
  model: 'nano',
});
console.log(`\nWritten in stages by nano (8 million weights) from ${relative(folder, page)}\n`);
console.log(written.text.trim().replace(/^/gm, '  '));
for (const [index, citation] of written.citations.entries())
  console.log(`  [${index + 1}] ${place(citation)}`);
for (const { stage, model, words, usage } of written.stages)
  console.log(`  ${stage}: ${model}, ${words} words, ${usage.calls} calls, ${usage.outputTokens} tokens`);
for (const warning of written.warnings) console.log(`  note: ${warning}`);

await client[Symbol.asyncDispose]();
console.log(`\n${seconds()} in all, peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
