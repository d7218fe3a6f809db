import { contracts, defineCapability, parseInput, TriviumError } from '@trivium/protocol';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { flagsOf, inFlags, parseCommand } from '../src/flags.js';
import { commandHelp } from '../src/help.js';
import { loadSettingsOf, ownFlagsOf } from '../src/own-flags.js';

const own = { json: 'boolean', help: 'boolean' } as const;

describe('flags come from the contract', () => {
  it('positional paths, numbers, defaults left to the schema', () => {
    const { input, own: flags } = parseCommand(
      contracts.search,
      ['docs', 'notes.md', '--query', 'x y', '--limit', '3', '--json'],
      own,
    );
    expect(input).toEqual({ paths: ['docs', 'notes.md'], query: 'x y', limit: 3 });
    expect(flags.json).toBe(true);
  });

  it('comma lists of numbers and kebab-case', () => {
    expect(parseCommand(contracts.logits, ['--model', 'm.gguf', '--tokens', '1,2,3'], own).input).toEqual({
      model: 'm.gguf',
      tokens: [1, 2, 3],
    });
    expect(parseCommand(contracts.generate, ['--max-tokens', '5'], own).input).toEqual({ maxTokens: 5 });
  });

  it('a negative number is a value, not a flag', () => {
    const { input } = parseCommand(contracts.generate, ['--seed', '-1', '--prompt', 'x'], own);
    expect(input).toEqual({ seed: -1, prompt: 'x' });
  });

  it('booleans with --no-', () => {
    expect(parseCommand(contracts.tokenize, ['--no-special'], own).input).toEqual({ special: false });
  });

  it.each([
    ['false', 'Say --no-special'],
    ['true', 'Leave out "true"'],
  ])('a switch takes no value: --special %s', (word, remedy) => {
    expect(() => parseCommand(contracts.tokenize, ['Hello', '--special', word], own)).toThrow(
      expect.objectContaining({ field: '--special', remedy: expect.stringContaining(remedy) }),
    );
    expect(parseCommand(contracts.tokenize, [word, '--special', 'Hello'], own).input).toEqual({
      texts: [word, 'Hello'],
      special: true,
    });
    const off = () => parseCommand(contracts.tokenize, ['--no-special', word], own);
    expect(off).toThrow(
      expect.objectContaining({ remedy: expect.stringMatching(/^(Leave|Say --special;)/) }),
    );
    expect(parseCommand(contracts.tokenize, ['--special', '--', word], own).input.texts).toEqual([word]);
  });

  it('help names what turns a switch off that is on', () => {
    expect(commandHelp(contracts.tokenize, {})).toContain('  --special, --no-special   Add what');
    expect(commandHelp(contracts.inspect, {})).toContain('--speed, --no-speed');
    expect(commandHelp(contracts.inspect, {})).not.toContain('--no-measure');
  });

  it.each([
    [['--limit', 'many'], '--limit'],
    [['--colour'], undefined],
  ])('refuses %j and names the flag', (argv, field) => {
    expect(() => parseCommand(contracts.search, argv, own)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', ...(field && { field }) }),
    );
  });

  it('text stands as shells users write it, or behind its flag', () => {
    const { embed, generate, tokenize } = contracts;
    for (const contract of [embed, tokenize])
      expect(parseCommand(contract, ['a b', '你好'], own).input).toEqual({ texts: ['a b', '你好'] });
    expect(parseCommand(embed, ['--texts', 'a', '--texts', 'b'], own).input).toEqual({ texts: ['a', 'b'] });
    const once = { prompt: 'Once upon', maxTokens: 5 };
    expect(parseCommand(generate, ['Once upon', '--max-tokens', '5'], own).input).toEqual(once);
    expect(parseCommand(generate, ['--prompt', 'Once upon', '--max-tokens', '5'], own).input).toEqual(once);
  });

  it.each([
    [contracts.modelsList, ['stray'], { message: expect.stringContaining('does not take "stray"') }],
    [contracts.generate, ['Once', 'upon'], { remedy: expect.stringContaining('one PROMPT in quotes') }],
    [contracts.generate, ['Once', '--prompt', 'upon'], { field: '--prompt' }],
    [contracts.embed, ['a', '--texts', 'b'], { field: '--texts' }],
    [contracts.search, ['docs', '--paths', 'notes'], { field: '--paths' }],
  ])('refuses stray words and what is given twice: %#', (contract, argv, details) => {
    expect(() => parseCommand(contract, argv, own)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', ...details }),
    );
  });

  describe('whatever a field is in its schema', () => {
    const node = z.object({
      text: z.string(),
      get more() {
        return z.array(node).optional();
      },
    });
    const odd = defineCapability({
      plugin: 'odd',
      name: 'run',
      title: 'Run',
      description: 'Takes odd things.',
      input: z.object({
        limit: z.number().nullable().optional(),
        size: z.union([z.number(), z.literal('auto')]).default('auto'),
        rules: z.array(z.object({ a: z.number() })).optional(),
        names: z.union([z.string(), z.array(z.string())]).optional(),
        tags: z.array(z.string()).nullable().optional(),
        counts: z
          .array(z.number().meta({ id: 'count' }))
          .nullable()
          .optional(),
        pair: z.tuple([z.number(), z.string()]).optional(),
        either: z
          .discriminatedUnion('t', [z.object({ t: z.literal('a') }), z.object({ t: z.literal('b') })])
          .optional(),
        think: z.union([z.boolean(), z.literal('auto')]).optional(),
        kind: z.enum(['x', 'y']).nullable().optional(),
        node: node.optional(),
        anything: z.unknown().optional(),
        note: z.string().meta({ id: 'note' }).optional(),
        noCache: z.boolean().optional(),
        json: z.string().optional(),
        at: z.number().optional(),
      }),
      progress: z.never(),
      output: z.null(),
      effects: { writes: false, destructive: false, network: false },
      commandLine: { positional: 'at' },
    });
    const given = (...argv: string[]) => {
      const { input } = parseCommand(odd, argv, own);
      odd.input.parse(input);
      return input;
    };

    it.each([
      [['--limit', '3'], { limit: 3 }],
      [['--limit', 'null'], { limit: null }],
      [['--size', '3'], { size: 3 }],
      [['--size', 'auto'], { size: 'auto' }],
      [['--rules', '{"a":1}', '--rules', '{"a":2}'], { rules: [{ a: 1 }, { a: 2 }] }],
      [['--rules', '{"a":1}'], { rules: [{ a: 1 }] }],
      [['--rules', '[{"a":1}]'], { rules: [{ a: 1 }] }],
      [['--names', 'a'], { names: 'a' }],
      [['--names', '1', '--names', 'b'], { names: ['1', 'b'] }],
      [['--tags', '["a"]'], { tags: ['["a"]'] }],
      [['--tags', 'null'], { tags: null }],
      [['--counts', '1,2', '--counts', '-3'], { counts: [1, 2, -3] }],
      [['--pair', '1', '--pair', 'two'], { pair: [1, 'two'] }],
      [['--either', '{"t":"b"}'], { either: { t: 'b' } }],
      [['--think', 'true'], { think: true }],
      [['--think', 'auto'], { think: 'auto' }],
      [['--kind', 'y'], { kind: 'y' }],
      [['--node', '{"text":"a","more":[{"text":"b"}]}'], { node: { text: 'a', more: [{ text: 'b' }] } }],
      [['--anything', 'a b'], { anything: 'a b' }],
      [['--anything', '[1]'], { anything: [1] }],
      [['--note', '{"a":1}'], { note: '{"a":1}' }],
      [['--no-cache'], { noCache: true }],
      [['--input-json', 'text', '--json'], { json: 'text' }],
      [['7'], { at: 7 }],
    ])('%j', (argv, input) => {
      expect(given(...argv)).toEqual(input);
    });

    it.each([
      [['--limit', 'many'], '--limit wants a number or null, not "many".'],
      [['--rules', 'a'], '--rules wants JSON.'],
      [['--node', '3'], '--node wants JSON.'],
      [['--counts', '1,x'], '--counts wants a number, not "x".'],
    ])('%j is refused', (argv, message) => {
      expect(() => given(...argv)).toThrow(expect.objectContaining({ code: 'invalid-argument', message }));
    });

    it('help says what it takes', () => {
      const help = commandHelp(odd, ownFlagsOf(odd));
      for (const words of [
        '--limit NUMBER|NULL',
        '--size NUMBER|auto',
        '--kind STRING|NULL',
        '--rules ARRAY',
        '--no-cache ',
      ])
        expect(help).toContain(words);
      expect(help).toContain('one of x, y');
    });

    it('a union of objects has the fields of each', () => {
      const input = z.union([
        z.object({ url: z.string(), depth: z.number() }),
        z.object({ file: z.string(), depth: z.number() }).and(z.object({ line: z.number().optional() })),
      ]);
      const flags = flagsOf({ ...odd, input });
      expect(flags.map(({ field, required }) => [field, required])).toEqual([
        ['url', false],
        ['depth', true],
        ['file', false],
        ['line', false],
      ]);
      expect(parseCommand({ ...odd, input }, ['--file', 'a', '--depth', '2'], own).input).toEqual({
        file: 'a',
        depth: 2,
      });
    });
  });

  it('help names every flag of every contract and its examples', () => {
    for (const contract of [
      contracts.search,
      contracts.ask,
      contracts.summarize,
      contracts.write,
      contracts.generate,
      contracts.inspect,
    ]) {
      const help = commandHelp(contract, ownFlagsOf(contract));
      for (const { flag } of flagsOf(contract)) expect(help).toContain(`--${flag}`);
      for (const example of contract.commandLine?.examples ?? [])
        expect(help).toContain(`trivium ${example}`);
      expect(help).not.toMatch(/\.[;.]/);
    }
  });
});

describe('errors name flags as they are typed', () => {
  const refused = (input: object) => {
    try {
      parseInput(contracts.write, { paths: ['.'], instruction: 'x', ...input });
    } catch (error) {
      return inFlags(error, contracts.write, ['contextTokens']);
    }
    return undefined;
  };

  it('of the contract, those inside JSON too', () => {
    expect(refused({ maxTotalTokens: 0 })).toMatchObject({
      message: expect.stringContaining('write: --max-total-tokens: Too small'),
      field: '--max-total-tokens',
      remedy: 'trivium write --help lists the flags.',
    });
    expect(refused({ words: 1 })).toMatchObject({ field: '--words' });
    expect(refused({ stages: { summary: { ratio: 2 } } })).toMatchObject({ field: '--stages.summary.ratio' });
    expect(refused({ summaryRatio: 0.3, stages: { summary: { ratio: 0.3 } } })).toMatchObject({
      message: 'write: --summary-ratio: give --summary-ratio or --stages.summary.ratio, not both',
    });
  });

  it('files and tensors that begin like a flag are none', () => {
    const message =
      'model.safetensors has no model.norm.weight; set paths.0, stages.polish or stages.summary.ratio.';
    const error = new TriviumError('bad-format', message, { field: 'model.norm.weight' });
    expect(inFlags(error, contracts.write, [])).toMatchObject({
      message:
        'model.safetensors has no model.norm.weight; set --paths.0, --stages.polish or --stages.summary.ratio.',
      field: 'model.norm.weight',
    });
  });

  it('of the host, in prose; words and paths stay what they are', () => {
    const error = new TriviumError('context-overflow', 'contextTokens holds too few words.', {
      field: 'contextTokens',
      expected: 'words in docs/maxTotalTokens/a.md',
      remedy: 'Raise contextTokens.',
    });
    expect(inFlags(error, contracts.write, ['contextTokens'])).toMatchObject({
      message: '--context-tokens holds too few words.',
      field: '--context-tokens',
      expected: 'words in docs/maxTotalTokens/a.md',
      remedy: 'Raise --context-tokens.',
    });
    const other = new Error('x');
    expect(inFlags(other, contracts.write, [])).toBe(other);
  });
});

describe('flags of how a model is loaded', () => {
  it('are of the commands that load one, and of no other', () => {
    const { read, search, ask, write, chat, embed, inspect, modelsList } = contracts;
    const loading = [ask, write, chat, embed, inspect].map((contract) => 'quantize' in ownFlagsOf(contract));
    expect(loading).toEqual([true, true, true, true, true]);
    expect([read, search, modelsList].some((contract) => 'kv-type' in ownFlagsOf(contract))).toBe(false);
  });

  it('become settings of the host, or are refused by name', () => {
    const given = {
      quantize: 'q4_k',
      'kv-type': 'q8_0',
      'activation-bits': '16',
      'context-tokens': '4096',
      'kv-memory-bytes': '1e9',
    };
    expect(loadSettingsOf(given)).toEqual({
      quantize: 'q4_k',
      kvType: 'q8_0',
      activationBits: 16,
      contextTokens: 4096,
      kvMemoryBytes: 1e9,
    });
    expect(loadSettingsOf({ json: true })).toEqual({});
    for (const [flag, value] of [
      ['quantize', 'q3'],
      ['kv-type', 'bf16'],
      ['activation-bits', '4'],
      ['context-tokens', '0'],
      ['kv-memory-bytes', 'much'],
    ] as const)
      expect(() => loadSettingsOf({ [flag]: value })).toThrow(
        expect.objectContaining({ code: 'invalid-argument', field: `--${flag}`, found: value }),
      );
  });
});
