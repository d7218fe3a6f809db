/**
 * A byte-level BPE tokenizer of about 150,000 tokens, as large as those of current models: the commonest pieces of real
 * text and code in the data folder and in node_modules, with every beginning of them, so that merges reach each. Made once
 * into the cache; its text is data of others and never leaves that. Knows no model.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { dataFolder } from './data.mjs';
import { engineCache } from './engine-models.mjs';

const pieces =
  /'(?:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;
const mostTextBytes = 60e6;
const specialTokens = ['<|end|>', '<|start|>', '<tool_call>'];

/** GPT-2's alphabet: a printable character for every byte. */
const alphabet = (() => {
  const letters = [];
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    letters.push(String.fromCharCode(printable ? byte : next++));
  }
  return letters;
})();
const spelled = (bytes) => Array.from(bytes, (byte) => alphabet[byte]).join('');

function* texts() {
  for (const folder of ['text', 'parallel']) {
    for (const name of readdirSync(path.join(dataFolder, folder))) {
      if (name.endsWith('.gz'))
        yield gunzipSync(readFileSync(path.join(dataFolder, folder, name))).toString('utf8');
    }
  }
  const modules = path.resolve('node_modules');
  for (const name of ['typescript', 'ai', 'zod', 'vite', 'hono', 'vitest'])
    for (const file of sources(path.join(modules, name))) yield readFileSync(file, 'utf8');
}

function* sources(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(file);
    else if (/\.(?:[cm]?[jt]s|json|md)$/.test(entry.name)) yield file;
  }
}

function commonPieces() {
  const counts = new Map();
  let bytes = 0;
  for (const text of texts()) {
    for (const [piece] of text.matchAll(pieces))
      if (piece.length <= 24) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    bytes += text.length;
    if (bytes > mostTextBytes) break;
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([piece]) => piece);
}

/** Writes tokenizer.json into the folder; answers how many tokens it has. */
export function writeLargeTokenizer(folder, tokens = 150_000) {
  const cached = path.join(engineCache, `vocabulary-${tokens}.json`);
  if (!existsSync(cached)) {
    mkdirSync(engineCache, { recursive: true });
    writeFileSync(cached, JSON.stringify(tokenizerOf(commonPieces(), tokens - specialTokens.length)));
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'tokenizer.json'), readFileSync(cached));
  return Object.keys(JSON.parse(readFileSync(cached, 'utf8')).model.vocab).length + specialTokens.length;
}

function tokenizerOf(common, most) {
  const vocab = new Map(alphabet.map((letter, byte) => [letter, byte]));
  const merges = [];
  const add = (left, right) => {
    if (vocab.has(left + right) || vocab.size >= most) return;
    vocab.set(left + right, vocab.size);
    merges.push(`${left} ${right}`);
  };
  for (const piece of common) {
    if (vocab.size >= most) break;
    // A character grows byte by byte, a piece character by character, as trained vocabularies mostly do.
    let begin = '';
    for (const character of piece) {
      const bytes = Buffer.from(character);
      for (let end = 2; end <= bytes.length; end++)
        add(spelled(bytes.subarray(0, end - 1)), alphabet[bytes[end - 1]]);
      if (begin !== '') add(begin, spelled(bytes));
      begin += spelled(bytes);
    }
  }
  return {
    version: '1.0',
    added_tokens: specialTokens.map((content, index) => ({
      id: vocab.size + index,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: Object.fromEntries(vocab), merges },
  };
}
