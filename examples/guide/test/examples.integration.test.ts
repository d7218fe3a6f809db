/** Every example that the documentation quotes runs, says something, and says what the pages show. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { exampleNames, runExample } from '../../../scripts/run-examples.mjs';

/** What a model writes is the same on one instruction set, not on all: these are run, and not compared. */
const written = new Set(['command-line.sh', 'fallback.ts', 'generate.ts', 'write-in-stages.ts']);

describe('examples of the guide', async () => {
  it.each(await exampleNames())('%s', { timeout: 120_000 }, async (name) => {
    const { code, output } = await runExample(name);
    expect(code, output).toBe(0);
    const shown = await readFile(
      new URL(`../output/${name.replace(/\.\w+$/, '')}.txt`, import.meta.url),
      'utf8',
    );
    if (written.has(name)) expect(output.trim()).not.toBe('');
    else expect(output).toBe(shown);
  });
});
