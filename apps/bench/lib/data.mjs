/** Where the evaluation data lies, and how it is read. What is absent is `undefined`, never an exception. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export const benchFolder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const root = path.resolve(benchFolder, '../..');
export const dataFolder = process.env.TRIVIUM_DATA ?? path.resolve(root, '../shared/data');
export const oraclePython = path.join(root, '.oracles/bin/python');

/** Rows of a .jsonl or .jsonl.gz file below the data folder. */
export function readRows(name) {
  for (const file of [path.join(dataFolder, name), path.join(dataFolder, `${name}.gz`)]) {
    if (!existsSync(file)) continue;
    const bytes = readFileSync(file);
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }
  return undefined;
}

/** The folder of the documentation inside the installed `ai` package. */
export function aiDocs() {
  for (const base of [benchFolder, path.join(root, 'packages/sdk'), root]) {
    const folder = path.join(base, 'node_modules/ai/docs');
    if (existsSync(folder)) return folder;
  }
  return undefined;
}

export function skip(reason) {
  console.log(`skipped: ${reason}`);
  console.log(JSON.stringify({ skipped: reason }));
  process.exit(0);
}

/** A table with right-aligned figures and the same as one line of JSON. */
export function report(title, rows, facts = {}) {
  console.log(`\n${title}`);
  console.table(Object.fromEntries(rows.map(({ name, ...figures }) => [name, figures])));
  console.log(JSON.stringify({ title, ...facts, rows }));
}
