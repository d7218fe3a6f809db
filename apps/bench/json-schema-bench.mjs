/**
 * Schemas of the public JSONSchemaBench (guidance-ai/jsonschemabench, its maskbench/data, which is not ours and stays outside):
 * how many are compiled, what is refused and why, whether the documents that it calls invalid are refused and those that it
 * calls valid accepted, and what masks along these take.
 * node apps/bench/json-schema-bench.mjs FOLDER [EVERY]    every EVERY-th file
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { languageModelFile } from '@trivium/nano';
import { getEngine } from '@trivium/native';
import { report } from './lib/data.mjs';

const [folder, every = '1'] = process.argv.slice(2);
const tokenizer = await getEngine().loadTokenizer(languageModelFile);
await tokenizer.compileGrammar({ type: 'choice', choices: ['x'] });

const count = {
  schemas: 0,
  compiled: 0,
  refused: 0,
  valid: 0,
  validAccepted: 0,
  invalid: 0,
  invalidAccepted: 0,
};
const reasons = new Map();
const [compilations, masks] = [[], []];
const quantile = (values, share) => values[Math.min(values.length - 1, Math.floor(values.length * share))];

/** Object keys in the order of the schema, as a model must write them: the root's and those of properties below. */
function ordered(value, schema) {
  if (Array.isArray(value)) return value.map((item) => ordered(item, schema?.items));
  if (value === null || typeof value !== 'object') return value;
  const properties = schema?.properties ?? {};
  const keys = [
    ...Object.keys(properties).filter((key) => key in value),
    ...Object.keys(value).filter((key) => !(key in properties)),
  ];
  return new Map(keys.map((key) => [key, ordered(value[key], properties[key])]));
}
const written = (value) =>
  value instanceof Map
    ? `{${[...value].map(([key, inner]) => `${JSON.stringify(key)}:${written(inner)}`).join(',')}}`
    : Array.isArray(value)
      ? `[${value.map(written).join(',')}]`
      : JSON.stringify(value);

async function follow(grammar, text) {
  const matcher = grammar.matcher();
  for (const token of await tokenizer.encode(text)) {
    matcher.allowed();
    masks.push(matcher.maskMs * 1000);
    if (!matcher.accept(token)) return;
  }
}

/** One file of the set is cut short. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

for (const name of readdirSync(folder).filter((_, index) => index % Number(every) === 0)) {
  const { schema, tests = [] } = parsed(readFileSync(path.join(folder, name), 'utf8'));
  if (schema === undefined) continue;
  count.schemas++;
  let grammar;
  const begin = performance.now();
  try {
    grammar = await tokenizer.compileGrammar({ type: 'json-schema', schema });
    count.compiled++;
  } catch (error) {
    if (!error.code) throw error;
    count.refused++;
    const reason = error.message.replace(/keyword \S+ is/, (found) => found).slice(0, 90);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  compilations.push(performance.now() - begin);
  if (!grammar) continue;
  for (const { valid, data } of tests) {
    const text = written(ordered(data, schema));
    const accepted = grammar.matches(text);
    count[valid ? 'valid' : 'invalid']++;
    if (accepted) count[valid ? 'validAccepted' : 'invalidAccepted']++;
    if (accepted && !valid) console.log(`accepted: ${name}: ${text.slice(0, 300)}`);
    if (accepted && valid && text.length < 4000) await follow(grammar, text);
  }
}
compilations.sort((a, b) => a - b);
masks.sort((a, b) => a - b);
for (const [reason, times] of [...reasons].sort((a, b) => b[1] - a[1]).slice(0, 25))
  console.log(`${times} x ${reason}`);
report('JSONSchemaBench', [{ name: 'all', ...count }], {
  compileMs: {
    p50: quantile(compilations, 0.5),
    p99: quantile(compilations, 0.99),
    max: compilations.at(-1),
  },
  maskUs: { p50: quantile(masks, 0.5), p99: quantile(masks, 0.99), masks: masks.length },
});
