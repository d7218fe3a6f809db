/** Documents near a valid one: each with one thing changed somewhere inside. */
import type { Random } from './random.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const strangers: Json[] = [
  null,
  true,
  0,
  -1,
  7,
  2.5,
  1000000,
  '',
  'a',
  'zz',
  '2024-02-30',
  [],
  [1],
  {},
  { k: 1 },
];

export function mutated(value: Json, random: Random): Json {
  if (random.chance(0.25)) return random.pick(strangers);
  if (Array.isArray(value)) return mutatedArray(value, random);
  if (value !== null && typeof value === 'object') return mutatedObject(value, random);
  if (typeof value === 'number')
    return random.pick([value + 1, value - 1, -value, value / 2, value + 0.5, value * 10, Math.round(value)]);
  if (typeof value === 'string') {
    const at = random.below(value.length + 1);
    return random
      .pick([
        `${value.slice(0, at)}${random.pick(['a', '1', ' ', '-', 'é', '"', '\n', '😀'])}${value.slice(at)}`,
        value.slice(1),
        value.slice(0, -1),
        value.toUpperCase(),
        value + value,
      ])
      .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '');
  }
  return random.pick(strangers);
}

function mutatedArray(value: Json[], random: Random): Json[] {
  const at = random.below(value.length + 1);
  const kind = random.below(4);
  if (kind === 0 || value.length === 0) return value.toSpliced(at, 0, random.pick(strangers));
  if (kind === 1) return value.toSpliced(Math.min(at, value.length - 1), 1);
  if (kind === 2) return [...value, ...value];
  return value.with(Math.min(at, value.length - 1), mutated(value[Math.min(at, value.length - 1)]!, random));
}

function mutatedObject(value: { [key: string]: Json }, random: Random): Json {
  const entries = Object.entries(value);
  const at = random.below(entries.length);
  const kind = random.below(4);
  if (kind === 0 || entries.length === 0)
    return Object.fromEntries([
      ...entries,
      [random.pick(['new', 'a', 'x', '12', 'kind']), random.pick(strangers)],
    ]);
  if (kind === 1) return Object.fromEntries(entries.toSpliced(at, 1));
  const [key, inner] = entries[at]!;
  if (kind === 2) return Object.fromEntries(entries.with(at, [`${key}x`, inner]));
  return Object.fromEntries(entries.with(at, [key, mutated(inner, random)]));
}
