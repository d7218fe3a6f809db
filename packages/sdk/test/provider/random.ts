/** Repeatable random values for property tests: the same seed gives the same run. */
export interface Random {
  /** An integer from 0 up to, but not including, `end`. */
  below(end: number): number;
  pick<Item>(items: readonly Item[]): Item;
  chance(share: number): boolean;
}

/** Marsaglia's xorshift in 32 bits. */
export function randomOf(seed: number): Random {
  let state = (seed + 1) * 2_654_435_761;
  const below = (end: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % end;
  };
  return {
    below,
    pick: (items) => items[below(items.length)]!,
    chance: (share) => below(1000) < share * 1000,
  };
}

/** The text in pieces, cut anywhere, also inside surrogate pairs. */
export function cut(text: string, random: Random): string[] {
  const longest = random.pick([1, 3, 12, 60]);
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const length = 1 + random.below(longest);
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

const words = [
  'the', 'weather', 'in', '北京', 'is', 'fine', '🌦️', 'naïve', 'a < b', '{', '}', '"quoted"', "it's", '\\', '</', '<tool',
  '[1, 2]', ';', 'e\u0301', '\u3000', '`code`', '\n', '\n\n', '  ', '\t', 'null', '{"name": "Ann", "age": 3}', '</thin',
  '[TOOL_C', '[ARGS', '[/THIN', '<|en', '<|channel',
]; // biome-ignore format: a list of words

/** Text that neither begins nor ends with white space, with parts of markers in it, but no whole one. */
export function randomText(random: Random): string {
  const length = 1 + random.below(14);
  const text = Array.from({ length }, () => random.pick(words) + random.pick(['', ' ', ' '])).join('');
  return `${random.pick(['So ', '好', '- ', '“'])}${text.trimEnd()}.`;
}

const keys = [
  'city',
  '城市',
  'a b',
  'quote"d',
  'back\\slash',
  'emoji 🧭',
  '',
  'name',
  'arguments',
  '</tool_call>',
];
const strings = [
  'Paris',
  '',
  '}',
  '{"a": 1}',
  'two\nlines',
  '</tool_call>',
  '<tool_call>',
  '\n</tool_call>',
  '\\"',
  '日本',
  '🧭🧭',
  ';',
  '\u0000',
  '[TOOL_CALLS]',
  '[ARGS]{',
  ']',
  '<|end|><|start|>assistant',
  '\n<|call|>',
];

/** The arguments of a call: an object, nested at most `depth` deep. */
export function randomArguments(random: Random, depth = 3): Record<string, unknown> {
  const entries = Array.from({ length: random.below(4) }, () => [
    random.pick(keys),
    randomValue(random, depth),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function randomValue(random: Random, depth: number): unknown {
  const kind = random.below(depth > 0 ? 7 : 5);
  if (kind === 0) return random.pick(strings);
  if (kind === 1) return random.pick(strings) + randomText(random);
  if (kind === 2) return random.pick([0, -1, 1.5, 1e21, 123_456_789, -2.5e-7]);
  if (kind === 3) return random.chance(0.5);
  if (kind === 4) return null;
  if (kind === 5) return Array.from({ length: random.below(3) }, () => randomValue(random, depth - 1));
  return randomArguments(random, depth - 1);
}
