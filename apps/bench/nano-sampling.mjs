/**
 * What keeps a small model from repeating itself: twenty staged writings, each from one page of the documentation inside the
 * `ai` package, under greedy decoding, repetition penalties and a temperature. Printed: the share of 4-grams of words that
 * are distinct, the share of lines and of sentences that stood in the text before, how many of its words stand in the page
 * (a text that leaves its source is no better for not repeating itself), citations, and the length reached.
 * node apps/bench/nano-sampling.mjs [--model nano] [--writings 20] [--words 250] [--variants greedy,1.1,t0.7] [--show]
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createLongText } from '@trivium/sdk/long-text';
import { createTrivium } from '@trivium/sdk/provider';
import { wrapLanguageModel } from 'ai';
import { aiDocs, report } from './lib/data.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'nano' },
    writings: { type: 'string', default: '20' },
    words: { type: 'string', default: '250' },
    variants: { type: 'string', default: 'greedy,1.05,1.1,1.15,1.2,1.3,t0.7,t0.7+1.1' },
    show: { type: 'boolean', default: false },
  },
});

/**
 * `greedy`, a repetition penalty over prompt and text (`1.1`), a frequency penalty over the text (`f0.5`), a temperature
 * (`t0.7`), several (`t0.7+1.1`), or `file`: what the model's file says.
 */
function settingsOf(variant) {
  if (variant === 'file') return {};
  const parts = variant.split('+');
  const temperature = parts.find((part) => part.startsWith('t'))?.slice(1);
  const penalty = parts.find((part) => /^\d/.test(part));
  const frequencyPenalty = Number(parts.find((part) => part.startsWith('f'))?.slice(1) ?? 0);
  return { temperature: Number(temperature ?? 0), repeatPenalty: Number(penalty ?? 1), frequencyPenalty };
}

function sampled(model, { temperature, repeatPenalty, frequencyPenalty }, seed) {
  return wrapLanguageModel({
    model,
    middleware: {
      specificationVersion: 'v3',
      transformParams: async ({ params }) => ({
        ...params,
        seed,
        ...(temperature !== undefined && { temperature }),
        ...(frequencyPenalty !== undefined && { frequencyPenalty }),
        ...(repeatPenalty !== undefined && { providerOptions: { trivium: { repeatPenalty } } }),
      }),
    },
  });
}

const wordsOf = (text) => text.toLowerCase().match(/\p{Script=Han}|[\p{L}\p{N}]+/gu) ?? [];

function repeatedShare(pieces) {
  const seen = new Set();
  const known = pieces
    .map((piece) => piece.trim().toLowerCase())
    .filter((piece) => wordsOf(piece).length > 2);
  const repeated = known.filter((piece) => seen.size === seen.add(piece).size).length;
  return known.length === 0 ? 0 : repeated / known.length;
}

function measure(text, source) {
  const words = wordsOf(text);
  const grams = words.slice(3).map((_, at) => words.slice(at, at + 4).join(' '));
  const inSource = new Set(wordsOf(source));
  return {
    distinct4: grams.length === 0 ? 1 : new Set(grams).size / grams.length,
    repeatedLines: repeatedShare(text.split('\n')),
    repeatedSentences: repeatedShare(text.split(/(?<=[.!?])\s+|(?<=[。！？])|\n/)),
    inSource: words.filter((word) => inSource.has(word)).length / Math.max(1, words.length),
  };
}

/** Pages of some length, spread over the documentation. */
function pages(count) {
  const folder = aiDocs();
  const files = readdirSync(folder, { recursive: true })
    .map((file) => path.join(folder, file))
    .filter((file) => file.endsWith('.mdx') && statSync(file).size > 3000 && statSync(file).size < 20_000)
    .sort();
  return Array.from({ length: count }, (_, index) => files[Math.floor((index * files.length) / count)]);
}

const trivium = createTrivium({ specification: 'v3' });
const model = trivium(values.model);
const countTokens = (text) => model.countTokens(text);
const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const rows = [];
for (const variant of values.variants.split(',')) {
  const measured = [];
  const started = performance.now();
  for (const [index, page] of pages(Number(values.writings)).entries()) {
    const text = readFileSync(page, 'utf8');
    const writer = createLongText({
      model: sampled(model, settingsOf(variant), index),
      countTokens,
      contextTokens: 1024,
    });
    const written = await writer.write({
      text,
      instruction: `A short guide to ${path.basename(page, '.mdx').replace(/^\d+-/, '').replaceAll('-', ' ')}`,
      targetWords: Number(values.words),
    }).result;
    measured.push({
      ...measure(written.text, text),
      length: written.words / Number(values.words),
      citations: written.citations.length,
    });
    if (values.show && index < 2) console.log(`--- ${variant}\n${written.text}\n`);
  }
  const of = (key) => Number(mean(measured.map((one) => one[key])).toFixed(3));
  rows.push({
    name: variant,
    'distinct 4-grams': of('distinct4'),
    'repeated lines': of('repeatedLines'),
    'repeated sentences': of('repeatedSentences'),
    'words of the page': of('inSource'),
    'of the length': of('length'),
    citations: of('citations'),
    seconds: Math.round((performance.now() - started) / 1000),
  });
  console.log(JSON.stringify(rows.at(-1)));
}
report(`${values.writings} staged writings of ${values.words} words with ${values.model}`, rows);
await trivium.dispose();
