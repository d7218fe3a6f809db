/**
 * Writes a llama with random weights as a GGUF v3 file, its matrices in one weight type: two layers of width 256 (K types
 * hold 256 weights a block), grouped heads, tied embeddings, a byte-level tokenizer, so that every token has a text.
 * Blocks are made of random bytes with scales that keep the weights near 1/16; the same seed makes the same file.
 * Refuses to know what a model says: it is read back by the engine alone.
 */
import { writeFileSync } from 'node:fs';

export type WeightType = 'f32' | 'q8_0' | 'q4_0' | 'q4_k';

const width = 256;
const heads = 4;
const keyWidth = 128;
/** Of K types a row is three blocks: two could be added in either order. */
const hiddenOf = (type: WeightType) => (type === 'q4_k' ? 768 : 256);
const layers = 2;
export const contextTokens = 1024;

/** Numbers in [0, 1) from a fixed seed. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** GGUF's number of a type, and its blocks: elements, bytes, and where half floats lie with their smallest size. */
const types = {
  f32: { id: 0, elements: 1, bytes: 4, halves: [] },
  q4_0: { id: 2, elements: 32, bytes: 18, halves: [{ at: 0, exponent: -7 }] },
  q8_0: { id: 8, elements: 32, bytes: 34, halves: [{ at: 0, exponent: -10 }] },
  q4_k: {
    id: 12,
    elements: 256,
    bytes: 144,
    halves: [
      { at: 0, exponent: -12 },
      { at: 2, exponent: -9 },
    ],
  },
} as const;

function tensorBytes(type: WeightType, elements: number, random: () => number) {
  const row = types[type];
  const bytes = Buffer.alloc((elements / row.elements) * row.bytes);
  if (type === 'f32') {
    for (let i = 0; i < elements; i++) bytes.writeFloatLE((random() - 0.5) / 5, 4 * i);
    return bytes;
  }
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256);
  // A normal half float from 2^exponent to twice that.
  for (let block = 0; block < bytes.length; block += row.bytes)
    for (const { at, exponent } of row.halves)
      bytes.writeUInt16LE(((exponent + 15) << 10) | Math.floor(random() * 1024), block + at);
  return bytes;
}

const string = (text: string) => {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint64(bytes.length), bytes]);
};
const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const uint64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const float32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};

/** A metadata value with its type in front: 4 UINT32, 6 FLOAT32, 8 STRING, 9 ARRAY. */
function value(of: string | number | readonly string[]) {
  if (typeof of === 'string') return Buffer.concat([uint32(8), string(of)]);
  if (typeof of !== 'number')
    return Buffer.concat([uint32(9), uint32(8), uint64(of.length), ...of.map(string)]);
  return Number.isInteger(of)
    ? Buffer.concat([uint32(4), uint32(of)])
    : Buffer.concat([uint32(6), float32(of)]);
}

/** The characters that byte-level BPE (GPT-2's) writes for the bytes 0 to 255. */
function byteCharacters(): string[] {
  let beyond = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const plain = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCodePoint(plain ? byte : beyond++);
  });
}

/** All bytes and the pairs "aa" … "bf": 288 tokens. */
function vocabulary(): { tokens: string[]; merges: string[] } {
  const pairs = Array.from(
    { length: 32 },
    (_, i) => ['ab'[i >> 4]!, String.fromCharCode(97 + (i % 16))] as const,
  );
  return {
    tokens: [...byteCharacters(), ...pairs.map((pair) => pair.join(''))],
    merges: pairs.map((pair) => pair.join(' ')),
  };
}

export const vocabularySize = vocabulary().tokens.length;

export interface RandomGgufOptions {
  hidden?: number;
  /** The name of a matrix of 32-bit floats whose weight in the middle shall be NaN. */
  notANumber?: string;
}

export function writeRandomGguf(
  file: string,
  type: WeightType,
  seed = 1,
  { hidden = hiddenOf(type), notANumber }: RandomGgufOptions = {},
): void {
  const random = randomFrom(seed);
  const { tokens, merges } = vocabulary();
  const metadata: Record<string, string | number | readonly string[]> = {
    'general.architecture': 'llama',
    'llama.block_count': layers,
    'llama.embedding_length': width,
    'llama.context_length': contextTokens,
    'llama.feed_forward_length': hidden,
    'llama.attention.head_count': heads,
    'llama.attention.head_count_kv': keyWidth / (width / heads),
    'llama.attention.layer_norm_rms_epsilon': 1e-5,
    'llama.rope.freq_base': 10000,
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'gpt-2',
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.merges': merges,
  };
  const matrices: [name: string, rows: number, columns: number][] = [
    ['token_embd.weight', tokens.length, width],
  ];
  const norms = ['output_norm.weight'];
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `blk.${layer}.${part}.weight`;
    matrices.push(
      [name('attn_q'), width, width],
      [name('attn_k'), keyWidth, width],
      [name('attn_v'), keyWidth, width],
    );
    matrices.push([name('attn_output'), width, width], [name('ffn_gate'), hidden, width]);
    matrices.push([name('ffn_up'), hidden, width], [name('ffn_down'), width, hidden]);
    norms.push(name('attn_norm'), name('ffn_norm'));
  }
  const matrixBytes = (name: string, elements: number) => {
    const bytes = tensorBytes(type, elements, random);
    if (name === notANumber) bytes.writeFloatLE(Number.NaN, 2 * elements);
    return bytes;
  };
  const tensors = [
    ...matrices.map(([name, rows, columns]) => ({
      name,
      sizes: [columns, rows],
      id: types[type].id as number,
      bytes: matrixBytes(name, rows * columns),
    })),
    ...norms.map((name) => ({
      name,
      sizes: [width],
      id: 0,
      bytes: Buffer.concat(Array.from({ length: width }, () => float32(0.5 + random()))),
    })),
  ];
  const padded = (bytes: number) => Math.ceil(bytes / 32) * 32;
  const head = [Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(Object.keys(metadata).length)];
  for (const [key, held] of Object.entries(metadata)) head.push(string(key), value(held));
  let offset = 0;
  for (const { name, sizes, id, bytes } of tensors) {
    head.push(string(name), uint32(sizes.length), ...sizes.map(uint64), uint32(id), uint64(offset));
    offset += padded(bytes.length);
  }
  const start = Buffer.concat(head);
  const parts = [start, ...tensors.map(({ bytes }) => bytes)];
  writeFileSync(
    file,
    Buffer.concat(parts.flatMap((part) => [part, Buffer.alloc(padded(part.length) - part.length)])),
  );
}
