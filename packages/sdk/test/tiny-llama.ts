/** A language model of few, random weights over a whole tokenizer: what it says is of no use, but for being its own text. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomOf } from './provider/random.js';

const tokenizers = fileURLToPath(new URL('../../native/tests/fixtures/tokenizer/', import.meta.url));
const width = 32;

/** @param tokenizer name of one of the engine's fixtures @returns `folder`, written */
export function writeTinyLlama(folder: string, tokenizer: string): string {
  mkdirSync(folder, { recursive: true });
  const file = `${tokenizers}${tokenizer}.json`;
  copyFileSync(file, join(folder, 'tokenizer.json'));
  const { model, added_tokens = [] } = JSON.parse(readFileSync(file, 'utf8')) as {
    model: { vocab: object };
    added_tokens?: { id: number }[];
  };
  const vocabulary = Math.max(Object.keys(model.vocab).length, ...added_tokens.map(({ id }) => id + 1));
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: vocabulary,
    hidden_size: width,
    intermediate_size: width,
    num_hidden_layers: 1,
    num_attention_heads: 4,
    num_key_value_heads: 4,
    max_position_embeddings: 512,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    tie_word_embeddings: true,
    eos_token_id: 1,
    torch_dtype: 'float32',
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const square = [width, width];
  writeFileSync(
    join(folder, 'model.safetensors'),
    safetensors({
      'model.embed_tokens.weight': [vocabulary, width],
      'model.layers.0.input_layernorm.weight': [width],
      'model.layers.0.self_attn.q_proj.weight': square,
      'model.layers.0.self_attn.k_proj.weight': square,
      'model.layers.0.self_attn.v_proj.weight': square,
      'model.layers.0.self_attn.o_proj.weight': square,
      'model.layers.0.post_attention_layernorm.weight': [width],
      'model.layers.0.mlp.gate_proj.weight': square,
      'model.layers.0.mlp.up_proj.weight': square,
      'model.layers.0.mlp.down_proj.weight': square,
      'model.norm.weight': [width],
    }),
  );
  return folder;
}

/** Random numbers, the same each time. */
function safetensors(shapes: Record<string, number[]>): Buffer {
  const random = randomOf(1);
  const header: Record<string, object> = {};
  let offset = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const begin = offset;
    offset += 4 * shape.reduce((product, length) => product * length, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, offset] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([
    length,
    text,
    Buffer.from(Float32Array.from({ length: offset / 4 }, () => random.below(1000) / 1000 - 0.5).buffer),
  ]);
}
