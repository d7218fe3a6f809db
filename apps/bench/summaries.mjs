/**
 * Must-show 7: summaries of SQuALITY dev at the references' mean length, ours beside random sentences and LexRank.
 * node apps/bench/summaries.mjs [--oracle] (with --oracle also ours over the real MiniLM)
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { selectSentences } from '@trivium/sdk/long-text';
import { benchFolder, oraclePython, report, skip } from './lib/data.mjs';
import { miniLmEmbedder, nanoEmbedder } from './lib/embedders.mjs';
import { squalityJobs } from './lib/squality.mjs';
import { lexRankOrder, randomOrder, takeWords } from './lib/summary-baselines.mjs';

const jobs = squalityJobs('dev') ?? skip('no summaries/squality-dev.jsonl in TRIVIUM_DATA or ../shared/data');
if (!existsSync(oraclePython)) skip('no .oracles: rouge-score is a Python package (see CONTRIBUTING)');

const ours = (embed) => (job) => {
  const options = {
    words: job.words,
    ...(embed ? { embed } : {}),
    ...(job.query ? { query: job.query } : {}),
  };
  return selectSentences(job.sentences, options);
};
const systems = {
  random: (job, number) => takeWords(job.sentences, randomOrder(job.sentences.length, number), job.words),
  lexrank: (job) => takeWords(job.sentences, lexRankOrder(job.sentences), job.words),
  'ours, words only': ours(),
};
const embedders = [];
const nano = await nanoEmbedder('static'); // as the documents client has it (host.embedSentences)
if (nano) systems['ours, nano'] = ours(embedders[embedders.push(nano) - 1].embed);
const oracle = process.argv.includes('--oracle') ? miniLmEmbedder() : undefined;
if (oracle) systems['ours, real MiniLM'] = ours(embedders[embedders.push(oracle) - 1].embed);

const outputs = {};
for (const [name, summarize] of Object.entries(systems)) {
  outputs[name] = [];
  for (const [number, job] of jobs.entries()) {
    const chosen = await summarize(job, number);
    const summary = chosen.map(({ text }) => text).join(' ');
    outputs[name].push({ kind: job.query ? 'question' : 'plot', summary, references: job.references });
  }
}
const folder = mkdtempSync(path.join(tmpdir(), 'trivium-summaries-'));
const file = path.join(folder, 'summaries.json');
writeFileSync(file, JSON.stringify(outputs));
const scores = JSON.parse(
  execFileSync(oraclePython, [path.join(benchFolder, 'rouge.py'), file], { encoding: 'utf8' }),
);
rmSync(folder, { recursive: true });
for (const { dispose } of embedders) await dispose();
for (const kind of ['plot', 'question']) {
  const rows = Object.entries(scores).map(([name, kinds]) => ({
    name,
    ...kinds[kind],
    interval: kinds[kind].interval.join('–'),
  }));
  report(
    `SQuALITY dev, ${kind === 'plot' ? 'plot question' : 'questions 2 to 5'}: stemmed ROUGE, best of four references`,
    rows,
  );
}
