/** The model files that engines are measured over: written once into the cache by Python's `gguf`. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { languageModelFile } from '@trivium/nano';
import { benchFolder, oraclePython } from './data.mjs';

export const engineCache = path.join(process.env.TRIVIUM_CACHE_DIR ?? tmpdir(), 'trivium-bench');

/** Why no model can be written here, or `undefined`. */
export function modelsAbsent() {
  return existsSync(oraclePython)
    ? undefined
    : 'model files are written by Python: run scripts/setup-oracles.sh';
}

function write(script, file, args) {
  if (existsSync(file)) return file;
  mkdirSync(engineCache, { recursive: true });
  console.error(`writing ${file}`);
  const { status, error } = spawnSync(oraclePython, [path.join(benchFolder, script), ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`${script} failed (${error?.message ?? status})`);
  return file;
}

/** Of the scripts' own text: a model that would be written otherwise today has another name. */
function versionOf(...scripts) {
  const hash = createHash('sha256');
  for (const script of scripts) hash.update(readFileSync(path.join(benchFolder, script)));
  return hash.digest('hex').slice(0, 8);
}

/** A random llama of `shape` ("1b", "100m") in `type` ("Q4_0", "Q4_K_M", "Q8_0"). */
export function randomModel(shape, type) {
  const script = 'random_model.py';
  const file = path.join(engineCache, `${shape}-${type}-${versionOf(script)}.gguf`);
  return write(script, file, [file, shape, type]);
}

/** The embedded language model with every matrix in `type`. */
export function nanoModel(type) {
  const script = 'quantized_model.py';
  const weights = createHash('sha256').update(readFileSync(languageModelFile)).digest('hex').slice(0, 8);
  const file = path.join(engineCache, `nano-${weights}-${type}-${versionOf(script)}.gguf`);
  return write(script, file, [languageModelFile, file, type]);
}

/** A model again with every matrix in `type` ("F32", "F16", "BF16"). */
export function dequantizedModel(model, type = 'F32') {
  const script = 'quantized_model.py';
  const file = `${model.replace(/\.gguf$/, '')}-${versionOf(script)}-${type.toLowerCase()}.gguf`;
  return write(script, file, [model, file, type]);
}
