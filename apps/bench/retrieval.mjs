/**
 * Must-show 5: by a page's first paragraph in one language find the page in the other, among all of its set; recall@1
 * on sets that training never saw.
 * node apps/bench/retrieval.mjs [--contextual] [--oracle] [--sets a,b] (contextual only and the real MiniLM take minutes)
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLibrary } from '@trivium/sdk/documents';
import { report, skip } from './lib/data.mjs';
import { miniLmEmbedder, nanoEmbedder } from './lib/embedders.mjs';
import { heldBackSets, parallelPages } from './lib/parallel.mjs';

const flag = (name) => process.argv.includes(`--${name}`);
const named = process.argv[process.argv.indexOf('--sets') + 1];
const sets = flag('sets') ? named.split(',') : heldBackSets;
if (!parallelPages(sets[0])) skip('no parallel sets in TRIVIUM_DATA or ../shared/data');

const embedders = {};
if (flag('contextual')) embedders['contextual only'] = await nanoEmbedder('contextual');
if (flag('oracle')) embedders['real MiniLM'] = miniLmEmbedder();
const folder = mkdtempSync(path.join(tmpdir(), 'trivium-retrieval-'));
const recalls = new Map();
const note = (system, direction, set, recall) => {
  const row = recalls.get(system) ?? {};
  row[direction] ??= {};
  row[direction][set] = recall;
  recalls.set(system, row);
};

async function searchBest(library, mode, query) {
  const [hit] = await library.search(query, {
    limit: 1,
    level: 'document',
    ...(mode === 'hybrid' ? {} : { mode }),
  });
  return hit ? Number(path.basename(hit.path, '.md')) : -1;
}

/** Pages by their best passage's cosine. */
async function embeddedBest(embed, passages, queries) {
  const unit = (vector) => {
    const length = Math.hypot(...vector) || 1;
    return vector.map((value) => value / length);
  };
  const rows = (await embed(passages.map(({ text }) => text))).map(unit);
  const asked = (await embed(queries)).map(unit);
  return asked.map((query) => {
    const cosines = rows.map((row) => row.reduce((sum, value, i) => sum + value * query[i], 0));
    return Number(path.basename(passages[cosines.indexOf(Math.max(...cosines))].path, '.md'));
  });
}

for (const set of sets) {
  const pages = parallelPages(set) ?? [];
  for (const [from, to] of [
    ['zh', 'en'],
    ['en', 'zh'],
  ]) {
    const target = path.join(folder, set, to);
    mkdirSync(target, { recursive: true });
    for (const [i, page] of pages.entries()) writeFileSync(path.join(target, `${i}.md`), page[to]);
    const library = await createLibrary({ cacheDir: false });
    await library.read([target]);
    const direction = `${from}->${to}`;
    const share = (found) => found.filter((page, i) => page === i).length / pages.length;
    for (const mode of ['lexical', 'static', 'hybrid']) {
      const found = [];
      for (const { queries } of pages)
        found.push(await searchBest(library, mode, queries[from]).catch(() => -1));
      note(mode === 'hybrid' ? 'hybrid (search)' : `${mode} only`, direction, set, share(found));
    }
    const passages = Object.keys(embedders).length > 0 ? await library.passages() : [];
    for (const [name, embedder] of Object.entries(embedders)) {
      if (!embedder) continue;
      note(
        name,
        direction,
        set,
        share(
          await embeddedBest(
            embedder.embed,
            passages,
            pages.map(({ queries }) => queries[from]),
          ),
        ),
      );
    }
    await library.dispose();
  }
}
rmSync(folder, { recursive: true });
for (const embedder of Object.values(embedders)) await embedder?.dispose();
for (const direction of ['zh->en', 'en->zh']) {
  const rows = [...recalls].map(([name, row]) => {
    const values = Object.entries(row[direction]).map(([set, value]) => [
      set,
      Math.round(value * 1000) / 1000,
    ]);
    const average = values.reduce((sum, [, value]) => sum + value, 0) / values.length;
    return { name, average: Math.round(average * 1000) / 1000, ...Object.fromEntries(values) };
  });
  report(`Recall@1, ${direction}`, rows);
}
