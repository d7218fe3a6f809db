/**
 * Passages whose judgement the figures of answers.mjs lack: what each system cites among its first three for each of the 200
 * questions, without a known answer. Whoever judges them sees question, known answer and passages in random order, not who
 * cited what; among the passages are, unmarked, one with a known answer and one that search found far down, to see how well
 * they are judged. A passage that answers as well joins `answers` of the question, by a quote that says so.
 * node apps/bench/answer-pool.mjs FILE KEY      one JSON line a question; KEY gets what the judges must not see
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createLibrary } from '@trivium/sdk/documents';
import { createLongText } from '@trivium/sdk/long-text';
import { aiDocs, benchFolder, skip } from './lib/data.mjs';
import { miniLmFolder, nanoEmbedder } from './lib/embedders.mjs';

const folder = aiDocs() ?? skip('the package `ai` is not installed: run npm ci');
const [file, key] = process.argv.slice(2);
if (!file || !key) throw new Error('usage: node apps/bench/answer-pool.mjs FILE KEY');
const plain = (text) => text.replace(/\s+/g, ' ');
const sets = ['ai-docs-questions', 'ai-docs-test-questions'];
const miniLm = miniLmFolder();
const libraries = [await createLibrary(), ...(miniLm ? [await createLibrary({ embedModel: miniLm })] : [])];
for (const library of libraries) await library.read([folder]);
const [ours] = libraries;
const nano = await nanoEmbedder('static'); // as answers.mjs
const ask = (library) => {
  const longText = createLongText({ library, ...(nano ? { embed: nano.embed } : {}) });
  return async (question) => (await longText.ask(question)).citations;
};
const systems = {
  lexical: (question) => ours.search(question, { mode: 'lexical', limit: 3 }),
  search: (question) => ours.search(question, { limit: 3 }),
  ...Object.fromEntries(libraries.map((library, at) => [at === 0 ? 'ask' : 'ask with MiniLM', ask(library)])),
};

/** Ranges of one file of which at least four fifths of the shorter lie in the other. */
function isSame(a, b) {
  const shared = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return a.path === b.path && shared >= 0.8 * Math.min(a.end - a.start, b.end - b.start);
}

function shuffled(list) {
  const keyed = list.map((one) => [Math.random(), one]);
  return keyed.sort(([a], [b]) => a - b).map(([, one]) => one);
}

for (const out of [file, key]) writeFileSync(out, '');
for (const set of sets) {
  const questions = JSON.parse(readFileSync(path.join(benchFolder, `fixtures/${set}.json`), 'utf8'));
  for (const [number, { question, answer, answers = [answer] }] of questions.entries()) {
    const holds = ({ text }) => answers.some((one) => plain(text).includes(one));
    const pool = [];
    const add = (passage, by) => {
      const known = pool.find((one) => isSame(one.passage, passage));
      if (known) known.by.push(by);
      else pool.push({ passage, by: [by] });
    };
    const cited = [];
    for (const [name, find] of Object.entries(systems))
      cited.push(
        ...(await find(question)).slice(0, 3).map((passage, at) => ({ passage, by: `${name} ${at + 1}` })),
      );
    for (const { passage, by } of cited) if (!holds(passage)) add(passage, by);
    const deep = await ours.search(question, { limit: 60 });
    const right = deep.find(holds);
    const wrong = shuffled(deep.slice(40)).find((one) => !holds(one));
    if (right) add(right, 'control: right');
    if (wrong) add(wrong, 'control: far down');
    const passages = shuffled(pool);
    const id = `${set}/${number}`;
    const of = ({ path: page, text }) => ({ page: page.slice(folder.length + 1), text });
    appendFileSync(
      file,
      `${JSON.stringify({ id, question, known: answer, passages: passages.map(({ passage }) => of(passage)) })}\n`,
    );
    appendFileSync(key, `${JSON.stringify({ id, by: passages.map(({ by }) => by) })}\n`);
  }
}
for (const one of [nano, ...libraries]) await one?.dispose();
