/**
 * Schemas against a validator that we did not write: what a random walk through the masks writes always parses and
 * validates, and of documents near a valid one none is accepted that the validator rejects.
 */
import { fileURLToPath } from 'node:url';
import { TriviumError } from '@trivium/protocol';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Grammar, getEngine, type Tokenizer } from '../../lib/index.js';
import { mutated } from './mutations.js';
import { Random } from './random.js';
import { randomSchema, type Schema } from './random-schema.js';

const language = fileURLToPath(new URL('../../../nano/models/language.gguf', import.meta.url));
const schemas = 2600;
const walks = 3;
const mutations = 8;
let tokenizer: Tokenizer;

beforeAll(async () => {
  tokenizer = await getEngine().loadTokenizer(language);
});

/** One for all schemas: what it keeps of one is taken out again. */
const ajv = new Ajv2020({ strict: false, logger: false });
addFormats.default(ajv);

async function compiled(schema: Schema): Promise<Grammar | undefined> {
  try {
    return await tokenizer.compileGrammar({ type: 'json-schema', schema });
  } catch (error) {
    if (!TriviumError.isInstance(error)) throw error;
    expect(error.code).toMatch(/^(unsupported|invalid-argument)$/);
    expect(error.field).toMatch(/^\/schema/);
    return undefined;
  }
}

/** A text that the masks allow: random tokens for a while, then the shortest completion. */
function randomText(grammar: Grammar, random: Random): string {
  const matcher = grammar.matcher();
  const tokens: number[] = [];
  for (let left = random.below(60); left > 0; left -= 1) {
    const allowed = matcher.allowed();
    if (allowed.length === 0 || (matcher.mayEnd && random.chance(0.1))) break;
    // Few allowed tokens are structure, many the inside of a string: uniform choice would seldom leave one.
    const token = random.chance(0.5) ? random.pick(allowed) : random.pick(allowed.slice(0, 200));
    if (!matcher.accept(token)) throw new Error(`token ${token} is in the mask and was refused`);
    tokens.push(token);
  }
  const rest = matcher.mayEnd ? new Int32Array() : matcher.completion();
  if (!rest) throw new Error('there is no completion');
  for (const token of rest) expect(matcher.accept(token)).toBe(true);
  expect(matcher.mayEnd).toBe(true);
  return tokenizer.decode([...tokens, ...rest], { skipSpecialTokens: false });
}

/** What is valid and never written: long or scientific numbers, odd forms of formats, properties in another order. */
function whyStricter(value: unknown, schema: Schema): 'numbers' | 'formats' | 'order' | undefined {
  let [numbers, order] = [false, false];
  JSON.stringify(value, (_, inner) => {
    if (typeof inner === 'number')
      numbers ||= /e/.test(`${inner}`) || `${inner}`.replace(/\D/g, '').length > 15;
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner))
      order ||= Object.keys(inner).length > 1;
    return inner;
  });
  if (numbers) return 'numbers';
  if (JSON.stringify(schema).includes('"format"')) return 'formats';
  return order ? 'order' : undefined;
}

describe('generated schemas', () => {
  test('every text parses and validates; nothing is accepted wrongly', async () => {
    const random = new Random(20261125);
    const count = {
      compiled: 0,
      refused: 0,
      texts: 0,
      mutations: 0,
      rejectedByBoth: 0,
      acceptedByBoth: 0,
      stricter: { numbers: 0, formats: 0, order: 0 },
    };
    const faults: string[] = [];
    for (let i = 0; i < schemas; i += 1) {
      const schema = randomSchema(random);
      const grammar = await compiled(schema);
      if (!grammar) {
        count.refused += 1;
        continue;
      }
      count.compiled += 1;
      const validate = ajv.compile(schema);
      for (let walk = 0; walk < walks; walk += 1) {
        const text = randomText(grammar, random);
        count.texts += 1;
        const value = JSON.parse(text);
        if (!validate(value))
          faults.push(`written: ${text}\n  ${JSON.stringify(schema)}\n  ${JSON.stringify(validate.errors)}`);
        expect(grammar.matches(text)).toBe(true);
        for (let m = 0; m < mutations; m += 1) {
          const other = mutated(value, random);
          const document = JSON.stringify(other);
          const accepted = grammar.matches(document);
          const valid = validate(JSON.parse(document));
          count.mutations += 1;
          if (accepted && !valid) faults.push(`accepted: ${document}\n  ${JSON.stringify(schema)}`);
          if (accepted && valid) count.acceptedByBoth += 1;
          if (!accepted && !valid) count.rejectedByBoth += 1;
          if (!accepted && valid) {
            const reason = whyStricter(other, schema);
            if (reason) count.stricter[reason] += 1;
            else faults.push(`rejected: ${document}\n  ${JSON.stringify(schema)}`);
          }
        }
      }
      if (typeof schema === 'object') ajv.removeSchema(schema);
    }
    console.info('schemas:', JSON.stringify(count));
    expect(faults.slice(0, 5).join('\n')).toBe('');
    expect(count.compiled).toBeGreaterThanOrEqual(2000);
    expect(count.rejectedByBoth).toBeGreaterThan(1000);
  }, 600_000);
});

describe('formats', () => {
  /** As zod checks them beside what ajv does. */
  const parsers: Record<string, (text: string) => boolean> = {
    uri: (text) => URL.canParse(text),
    ipv6: (text) => URL.canParse(`http://[${text}]`),
  };
  const common: Record<string, string[]> = {
    uri: [
      'http://localhost:11434/api/tags',
      'https://example.org:65535/',
      'https://zh.wikipedia.org/wiki/%E4%BD%A0?q=%20#%C3%A9',
      'http://[::1]:80/',
      'http://127.0.0.1:8080/a',
      'https://user:secret@a_b.example.org/',
      'ws://x/y',
      'file:///etc/hosts',
      'mailto:a@b.co',
      'urn:isbn:0451450523',
      's3://bucket/key',
      'postgres://u:p@h:5432/db',
      'redis://[::1]:6379',
      'https2+x:a',
      'https://deploy-preview-12--mysite.netlify.app/',
      'https://r4---sn-4g5e6nsz.example.org/',
      'https://xn.x--y.xnx--y.xn-a.X/',
    ],
    'uri-reference': ['../a', 'a%20b', '?q=1', '#top', '//h:65535/x', './x', 'https://h/%20', '/a'],
    ipv6: ['::', '::1', '1::', '2001:db8::1', 'fe80::1:2', '::ffff:1.2.3.4', '1:2:3:4:5:6:7:8'],
    hostname: [
      'a.b.c.d.e.f.g.h.i.j.example.com',
      'my-very-long-service-name-in-namespace.default.svc.cluster.local',
      `${`${'a'.repeat(30)}.`.repeat(8)}org`,
    ],
    email: ["o'brien@example.com", 'a.b+c@x.co'],
  };
  const wrong: Record<string, string[]> = {
    uri: [
      'http://1.2.3.4.5/',
      'http://h:65536/',
      'http://xn--a/',
      'http://XN---a.org/',
      'foo://@/',
      'http://h/%2',
    ],
    ipv6: [':', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::'],
    hostname: [`${'a'.repeat(64)}.org`, `${`${'a'.repeat(30)}.`.repeat(8)}orgorg`, 'a-.org', '-a'],
  };

  test.for(Object.keys(common))(
    '%s: what is common is allowed, and what is written valid',
    async (format) => {
      const validate = ajv.compile({ type: 'string', format });
      const isValid = (text: string) => validate(text) && (parsers[format]?.(text) ?? true);
      for (const bounds of [{}, { maxLength: 255 }]) {
        const grammar = await tokenizer.compileGrammar({
          type: 'json-schema',
          schema: { type: 'string', format, ...bounds },
        });
        for (const text of wrong[format] ?? []) {
          expect(isValid(text), text).toBe(false);
          expect(grammar.matches(JSON.stringify(text)), text).toBe(false);
        }
        const random = new Random(7);
        const texts = Array.from({ length: 300 }, () => JSON.parse(randomText(grammar, random)) as string);
        expect(texts.filter((text) => !isValid(text))).toEqual([]);
        const plain = (text: string) =>
          !/^uri/.test(format) || /^(https?|ws):..(?!.*(@|\[|:6\d{4}))/.test(text);
        for (const text of common[format]!) {
          if (bounds.maxLength && !plain(text)) continue;
          expect(isValid(text), text).toBe(true);
          expect(grammar.matches(JSON.stringify(text)), text).toBe(true);
        }
      }
    },
  );
});
