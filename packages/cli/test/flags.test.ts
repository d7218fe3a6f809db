import { contracts, parseInput, TriviumError } from '@trivium/protocol';
import { describe, expect, it } from 'vitest';
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
