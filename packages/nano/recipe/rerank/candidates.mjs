/**
 * Step R1: what search finds for the questions of questions.jsonl, with the parts of each score: 48 candidates a question
 * over all pages of its set in the language of the answer. The re-ranker learns to order them.
 * Writes .cache/rerank/{searches,passages}-N.jsonl. Refuses to know: models, features, what is learned.
 *
 *     node rerank/candidates.mjs [--part 0/2] [--queries FILE]     (sets are divided among parts, one process each)
 */
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { createLibrary } from '@trivium/sdk/documents';

const recipe = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const data = process.env.TRIVIUM_DATA ?? path.resolve(recipe, '../../../../shared/data');
const out = path.join(process.env.NANO_CACHE ?? path.join(recipe, '.cache'), 'rerank');
const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const [part, parts] = option('part', '0/1').split('/').map(Number);
const candidates = 48;
const plain = (text) => text.replace(/\s+/g, ' ');

function readRows(file) {
  if (!existsSync(file)) return [];
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

function pagesOf(set, language) {
  const stored = (folder, name) =>
    ['', '.gz'].flatMap((ending) => readRows(path.join(data, folder, `${name}.jsonl${ending}`)));
  return [
    ...stored('parallel', `${set}.en-zh`).map((row) => ({ path: row.path, text: row[language] })),
    ...stored('text', `${set}.${language}`),
  ];
}

/** Passages by their place, with what stands around them. */
async function placed(library) {
  const byPlace = new Map();
  let before;
  for (const passage of await library.passages()) {
    const number = before?.path === passage.path ? before.number + 1 : 0;
    before = { path: passage.path, number };
    byPlace.set(`${passage.path}:${passage.start}`, { ...passage, number });
  }
  return byPlace;
}

async function searchSet(set, language, asked, write, folder) {
  const pages = pagesOf(set, language);
  const target = mkdtempSync(path.join(folder, 'pages-'));
  for (const [i, { text }] of pages.entries()) writeFileSync(path.join(target, `${i}.md`), text);
  const library = await createLibrary({ cacheDir: false });
  await library.read([target]);
  const byPlace = await placed(library);
  const seen = new Map();
  for (const { path: page, start, length, ...rest } of asked) {
    const number = pages.findIndex((row) => row.path === page);
    if (number < 0) continue;
    // The recipe counts code points.
    const quote = plain([...pages[number].text].slice(start, start + length).join(''));
    const hits = await library.search(rest.question, { limit: candidates, explain: true });
    const found = hits.map((hit) => {
      const place = `${hit.path}:${hit.start}`;
      if (!seen.has(place)) {
        seen.set(place, `${set}.${language}.${seen.size}`);
        const { title, headings, number: order, text } = byPlace.get(place);
        write.passage({ id: seen.get(place), page: path.basename(hit.path, '.md'), order, title, headings, text });
      }
      const right = path.basename(hit.path) === `${number}.md` && plain(hit.text).includes(quote);
      return { id: seen.get(place), ...hit.parts, right };
    });
    write.search({ ...rest, found });
  }
  await library.dispose();
  rmSync(target, { recursive: true });
}

mkdirSync(out, { recursive: true });
const folder = mkdtempSync(path.join(tmpdir(), 'trivium-candidates-'));
const name = option('name', 'questions');
const streams = ['searches', 'passages'].map((what) =>
  createWriteStream(path.join(out, `${name}-${what}-${part}.jsonl`)),
);
const write = {
  search: (row) => streams[0].write(`${JSON.stringify(row)}\n`),
  passage: (row) => streams[1].write(`${JSON.stringify(row)}\n`),
};
const groups = Map.groupBy
  ? Map.groupBy(readRows(option('queries', path.join(recipe, 'questions.jsonl'))), (q) => `${q.set} ${q.page_language}`)
  : readRows(option('queries', path.join(recipe, 'questions.jsonl'))).reduce((groups, q) => {
      const key = `${q.set} ${q.page_language}`;
      return groups.set(key, [...(groups.get(key) ?? []), q]);
    }, new Map());
try {
  for (const [number, [key, asked]] of [...groups].entries()) {
    if (number % parts !== part) continue;
    const [set, language] = key.split(' ');
    const began = performance.now();
    await searchSet(set, language, asked, write, folder);
    console.log(`${key}: ${asked.length} questions, ${Math.round((performance.now() - began) / 1000)} s`);
  }
} finally {
  rmSync(folder, { recursive: true });
  for (const stream of streams) stream.end();
}
