/**
 * Weights quantized while they are loaded, keys and values of eight bits, activations of eight and sixteen: near the full model, far smaller, deterministic, and refused by name.
 * A reader of GGUF made by others is not needed here: the codecs have their own oracle (tests/tensor).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { getEngine, type LoadQuantization } from '../lib/index.js';
import { writeRandomGguf } from './one-result/random-gguf.js';

const folder = mkdtempSync(join(tmpdir(), 'trivium-quantize-'));
const path = join(folder, 'random.gguf');
writeRandomGguf(path, 'f32', 7);
afterAll(() => rmSync(folder, { recursive: true }));
const tokens = Array.from({ length: 60 }, (_, index) => (index * 37) % 250);

function cosine(a: Float32Array, b: Float32Array) {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  a.forEach((value, index) => {
    dot += value * b[index]!;
    aa += value ** 2;
    bb += b[index]! ** 2;
  });
  return dot / Math.sqrt(aa * bb);
}

async function logitsOf(quantize?: LoadQuantization, backend: 'cpu' | 'ref' = 'cpu') {
  const options = quantize === undefined ? { backend } : { backend, quantize };
  await using model = await getEngine().loadModel(path, options);
  return { logits: await model.logits(tokens), weightBytes: model.info.weightBytes };
}

describe('types that are not the file’s', () => {
  test.each([
    ['q8_0', 0.999, 0.45],
    ['q6_k', 0.997, 0.45],
    ['q5_k', 0.98, 0.45],
    ['q4_k', 0.97, 0.35],
    ['q4_0', 0.97, 0.35],
  ] as const)('%s stays near the full model and takes less memory', async (quantize, near, share) => {
    const full = await logitsOf();
    const small = await logitsOf(quantize);
    const again = await logitsOf(quantize);
    expect(cosine(full.logits, small.logits)).toBeGreaterThan(near);
    expect([...small.logits]).not.toEqual([...full.logits]);
    expect([...again.logits]).toEqual([...small.logits]);
    expect(small.weightBytes).toBeLessThan(full.weightBytes * share);
  });

  test('ref computes with the same quantized weights', async () => {
    const cpu = await logitsOf('q8_0');
    const ref = await logitsOf('q8_0', 'ref');
    expect(cosine(cpu.logits, ref.logits)).toBeGreaterThan(0.9995);
  });

  test('keys and values in eight bits take half of the room and stay near', async () => {
    await using plain = await getEngine().loadModel(path, { kvType: 'f16' });
    await using small = await getEngine().loadModel(path, { kvType: 'q8_0' });
    const found = await small.logits(tokens);
    expect(cosine(await plain.logits(tokens), found)).toBeGreaterThan(0.999);
    expect([...found]).not.toEqual([...(await plain.logits(tokens))]);
  });

  test.each(
    (['f32', 'f16', 'q8_0'] as const).flatMap((kvType) =>
      (['cpu', 'ref'] as const).flatMap((backend) =>
        ['attn_k', 'attn_v'].map((part) => ({ kvType, backend, part })),
      ),
    ),
  )('what is no number is told: $part, kept in $kvType by $backend', async ({ kvType, backend, part }) => {
    const damaged = join(folder, `${part}.gguf`);
    writeRandomGguf(damaged, 'f32', 7, { notANumber: `blk.1.${part}.weight` });
    await using model = await getEngine().loadModel(damaged, { kvType, backend });
    const told = { code: 'internal', field: 'logits', expected: 'finite numbers' };
    await expect(model.logits(tokens)).rejects.toMatchObject(told);
    const generating = (async () => {
      for await (const _ of model.generate({ tokens, maxTokens: 2 }));
    })();
    await expect(generating).rejects.toMatchObject(told);
  });

  test.each([
    ['kvType', { kvType: 'q4_0' as never }, 'invalid-argument', 'f32, f16, q8_0'],
    ['heads', { kvType: 'q8_0' as const }, 'unsupported', 'heads of a multiple of 32 channels'],
  ])('keys and values: %s', async (_, options, code, expected) => {
    const oddHeads = fileURLToPath(new URL('../tests/fixtures/parity/llama-odd-heads', import.meta.url));
    await expect(getEngine().loadModel(oddHeads, options)).rejects.toMatchObject({ code, expected });
  });

  test('activations of 16 bits come as close as those of ref, and are what small models take', async () => {
    const { logits: exact } = await logitsOf('q4_0', 'ref');
    const off = async (options: { activationBits?: 8 | 16 }) => {
      await using model = await getEngine().loadModel(path, { quantize: 'q4_0', ...options });
      const logits = await model.logits(tokens);
      return Math.sqrt(logits.reduce((sum, value, index) => sum + (value - exact[index]!) ** 2, 0));
    };
    expect((await off({ activationBits: 16 })) * 20).toBeLessThan(await off({ activationBits: 8 }));
    expect(await off({})).toBe(await off({ activationBits: 16 }));
  });

  test('another width of activations is refused with those that there are', async () => {
    const loading = getEngine().loadModel(path, { activationBits: 12 as never });
    await expect(loading).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'activationBits',
      found: '12',
      expected: '8, 16',
    });
  });

  test('another name is refused with those that there are', async () => {
    const loading = getEngine().loadModel(path, { quantize: 'q3_k' as never });
    await expect(loading).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'quantize',
      found: 'q3_k',
      expected: 'q8_0, q6_k, q5_k, q4_k, q4_0',
    });
  });

  test('weights that are quantized already stay as they are', async () => {
    const small = join(folder, 'small.gguf');
    writeRandomGguf(small, 'q8_0', 7);
    await using model = await getEngine().loadModel(small);
    await using asked = await getEngine().loadModel(small, { quantize: 'q4_0' });
    expect(asked.info.weightBytes).toBe(model.info.weightBytes);
    expect([...(await asked.logits(tokens))]).toEqual([...(await model.logits(tokens))]);
  });
});
