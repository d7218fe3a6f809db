/**
 * How far each engine's arithmetic takes a quantized model from the model that its file stands for: logits of every
 * position of a text, teacher-forced, against those of our engine over the same weights in f32. Knows no speeds.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { benchFolder } from './data.mjs';
import { divergenceOf } from './divergence.mjs';
import { dequantizedModel, engineCache } from './engine-models.mjs';
import { startPair } from './engine-pair.mjs';
import { startEngine } from './engine-process.mjs';

export const qualityTokens = 512;
const contextTokens = 512;

/** A text that stays as it is: figures of two days are over the same tokens. The `ai` package is pinned. */
const text = () =>
  readFileSync(
    path.resolve(benchFolder, '../../node_modules/ai/docs/02-foundations/01-overview.mdx'),
    'utf8',
  );

async function truthOf(file) {
  const engine = await startEngine('trivium', { file: dequantizedModel(file), contextTokens });
  try {
    const tokens = (await engine.call('encode', text())).slice(0, qualityTokens);
    if (tokens.length < qualityTokens) throw new Error(`the text has ${tokens.length} tokens only`);
    return { tokens, truth: await engine.call('logits', tokens) };
  } finally {
    await engine.close();
  }
}

/** Rows of one file, called `name`: one for each engine at each instruction set. */
export async function measureQuality({ file, name, isas, peer }) {
  const { tokens, truth } = await truthOf(file);
  const rows = [];
  const notes = [];
  for (const isa of isas) {
    const pair = await startPair({ file, contextTokens, isa, peer, cacheFolder: engineCache });
    notes.push(...pair.notes);
    try {
      for (const engine of pair.engines) {
        const logits = await engine.call('logits', tokens);
        rows.push({
          name: `${name} ${engine.name} ${engine.facts.build}`,
          ...divergenceOf(truth, logits),
        });
      }
    } finally {
      await pair.close();
    }
  }
  return { rows, notes };
}
