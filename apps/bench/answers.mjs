/**
 * Must-show 6: 100 questions over the documentation inside the installed `ai` package. The share whose first citation
 * (at most 1,000 characters), or one of the first three, holds the answer; of `ask` also the share whose extractive answer, at
 * most three quotes, says it.
 * Ranking was looked at on the first set; `--test` takes a second one, written by somebody who saw no results. `--embedders`
 * asks instead what sentence embedders say of our best passages, alone and beside our own score: nano's, and the real MiniLM,
 * which knows English only. `--minilm` gives the library that MiniLM as its embedder.
 * node apps/bench/answers.mjs [--test] [--failures] [--embedders | --minilm]
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createLibrary } from '@trivium/sdk/documents';
import { createLongText } from '@trivium/sdk/long-text';
import { aiDocs, benchFolder, report, skip } from './lib/data.mjs';
import { miniLmEmbedder, miniLmFolder, nanoEmbedder } from './lib/embedders.mjs';

const folder = aiDocs() ?? skip('the package `ai` is not installed: run npm ci');
const set = process.argv.includes('--test') ? 'ai-docs-test-questions' : 'ai-docs-questions';
const questions = JSON.parse(readFileSync(path.join(benchFolder, `fixtures/${set}.json`), 'utf8'));
const plain = (text) => text.replace(/\s+/g, ' ');

function rankOf({ answer, answers = [answer] }, citations) {
  return citations.findIndex(({ text }) => {
    if (text.length > 1000) throw new Error(`a citation of ${text.length} characters`);
    return answers.some((one) => plain(text).includes(one));
  });
}

const library = await createLibrary(
  process.argv.includes('--minilm')
    ? { embedModel: miniLmFolder() ?? skip('run scripts/setup-oracles.sh') }
    : {},
);
const { tokens, warnings } = await library.read([folder]);
for (const warning of warnings) console.error(warning);
const nano = await nanoEmbedder('static'); // as the documents client has it (host.embedSentences)
const longText = createLongText({ library, ...(nano ? { embed: nano.embed } : {}) });
const released = [nano];
const systems = process.argv.includes('--embedders')
  ? await withEmbedders()
  : {
      'lexical only': async (question) => ({
        citations: await library.search(question, { mode: 'lexical', limit: 3 }),
      }),
      'search, best hits': async (question) => ({ citations: await library.search(question, { limit: 3 }) }),
      ask: (question) => longText.ask(question),
    };
/** Our 24 best passages in the order of cosines, and of cosines, scaled to deviation 1, added to our score. */
async function withEmbedders() {
  const passages = (question) => library.search(question, { limit: 24, explain: true });
  const embedders = { "nano's embedder": await nanoEmbedder(), 'real MiniLM': miniLmEmbedder() };
  const systems = { 'search, best hits': async (question) => ({ citations: await passages(question) }) };
  for (const [name, embedder] of Object.entries(embedders)) {
    if (!embedder) continue;
    const ordered = (ours) => async (question) => {
      const hits = await passages(question);
      const texts = hits.map(({ read }) => `${read.above}\n${read.text}`);
      const [asked, ...held] = await embedder.embed([question, ...texts]);
      const cosines = held.map((row) => row.reduce((sum, value, i) => sum + value * asked[i], 0));
      const mean = cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length;
      const squares = cosines.reduce((sum, cosine) => sum + (cosine - mean) ** 2, 0);
      const deviation = Math.sqrt(squares / cosines.length) || 1;
      const scores = cosines.map((cosine, i) => ours * hits[i].score + (cosine - mean) / deviation);
      return { citations: [...hits.keys()].sort((i, k) => scores[k] - scores[i]).map((i) => hits[i]) };
    };
    systems[`${name} over our 24 passages`] = ordered(0);
    systems[`${name} beside our score`] = ordered(1);
  }
  released.push(...Object.values(embedders));
  return systems;
}

const rows = [];
for (const [name, find] of Object.entries(systems)) {
  const ranks = [];
  const started = performance.now();
  for (const question of questions) {
    const { citations, text = '' } = await find(question.question);
    const rank = rankOf(question, citations.slice(0, 3));
    const isQuoted =
      rankOf(question, [{ text: '' }, ...text.split(/ \[\d\](?:\n|$)/).map((quote) => ({ text: quote }))]) >
      0;
    ranks.push({ language: question.language, rank, isQuoted });
    if (name === 'ask' && rank !== 0 && process.argv.includes('--failures')) {
      console.error(
        `${rank} ${question.question} | ${question.answer} | ${citations.map((c) => c.path.slice(folder.length)).join(' ')}`,
      );
    }
  }
  const msPerQuestion = Math.round((performance.now() - started) / questions.length);
  const share = (among, test) => Math.round((100 * among.filter(test).length) / among.length);
  const of = (language) => ranks.filter((one) => !language || one.language === language);
  const figures = Object.fromEntries(
    ['', 'en', 'zh'].flatMap((language) => [
      [`first ${language}`.trim(), share(of(language), ({ rank }) => rank === 0)],
      [`in three ${language}`.trim(), share(of(language), ({ rank }) => rank >= 0)],
    ]),
  );
  if (name === 'ask') figures.quoted = share(ranks, ({ isQuoted }) => isQuoted);
  rows.push({ name, ...figures, msPerQuestion });
}
report(`Answers over the ai docs, percent of ${questions.length} questions`, rows, { tokens });
for (const one of released) await one?.dispose();
await library.dispose();
