import { contracts } from '@trivium/protocol';
import { describe, expect, it } from 'vitest';
import { flagsOf, parseCommand } from '../src/flags.js';
import { commandHelp } from '../src/help.js';

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

  it('refuses a stray positional', () => {
    expect(() => parseCommand(contracts.embed, ['stray'], own)).toThrow(/does not take "stray"/);
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
      const help = commandHelp(contract, { json: 'JSON' });
      for (const { flag } of flagsOf(contract)) expect(help).toContain(`--${flag}`);
      for (const example of contract.commandLine?.examples ?? [])
        expect(help).toContain(`trivium ${example}`);
    }
  });
});
