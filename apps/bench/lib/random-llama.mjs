/** A llama checkpoint with random weights, for figures that do not depend on what a model says. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { benchFolder } from './data.mjs';

const tokenizer = '../../packages/native/tests/fixtures/parity/llama-grouped-tied/tokenizer.json';

/** Writes a Hugging Face folder of about 18 million f32 parameters. */
export function writeRandomLlama(folder, { width = 512, ffn = 1408, layers = 6, vocabulary = 64 } = {}) {
  const keys = width / 2;
  const shapes = { 'model.embed_tokens.weight': [vocabulary, width], 'model.norm.weight': [width] };
  for (let i = 0; i < layers; i++) {
    const layer = `model.layers.${i}`;
    Object.assign(shapes, {
      [`${layer}.input_layernorm.weight`]: [width],
      [`${layer}.post_attention_layernorm.weight`]: [width],
      [`${layer}.self_attn.q_proj.weight`]: [width, width],
      [`${layer}.self_attn.k_proj.weight`]: [keys, width],
      [`${layer}.self_attn.v_proj.weight`]: [keys, width],
      [`${layer}.self_attn.o_proj.weight`]: [width, width],
      [`${layer}.mlp.gate_proj.weight`]: [ffn, width],
      [`${layer}.mlp.up_proj.weight`]: [ffn, width],
      [`${layer}.mlp.down_proj.weight`]: [width, ffn],
    });
  }
  const header = {};
  let end = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const start = end;
    end += 4 * shape.reduce((product, size) => product * size, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [start, end] };
  }
  const values = new Float32Array(end / 4);
  let state = 1;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = (state / 2 ** 32 - 0.5) / 10;
  }
  const text = Buffer.from(JSON.stringify(header).padEnd(Math.ceil(JSON.stringify(header).length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, 'model.safetensors'),
    Buffer.concat([length, text, Buffer.from(values.buffer)]),
  );
  const config = {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    vocab_size: vocabulary,
    hidden_size: width,
    intermediate_size: ffn,
    num_hidden_layers: layers,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: width / 8,
    max_position_embeddings: 8192,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    hidden_act: 'silu',
  };
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  copyFileSync(path.join(benchFolder, tokenizer), path.join(folder, 'tokenizer.json'));
}
