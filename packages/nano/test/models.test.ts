/** The shipped weights are there, whole, small enough, and the ones the manifest names. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  embedModelFile,
  languageModelFile,
  NANO_VERSION,
  rankModelFile,
  staticModelFile,
} from '../src/index.js';

interface Manifest {
  version: string;
  files: Record<string, { bytes: number; sha256: string }>;
}

const json = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const manifest: Manifest = json('../models/manifest.json');
const files = [embedModelFile, staticModelFile, rankModelFile, languageModelFile];

describe('nano models', () => {
  it.each(files)('%s is a GGUF v3 file with the recorded digest', (file) => {
    const bytes = readFileSync(file);
    const recorded = manifest.files[basename(file)];
    expect(bytes.toString('latin1', 0, 4)).toBe('GGUF');
    expect(bytes.readUInt32LE(4)).toBe(3);
    expect(bytes.length).toBe(recorded?.bytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(recorded?.sha256);
  });

  it.each([
    ['the embedders', [embedModelFile, staticModelFile]],
    ['the ranker', [rankModelFile]],
    ['the language model', [languageModelFile]],
  ])('%s stay within 12 MB', (_, of) => {
    const total = of.reduce((sum, file) => sum + readFileSync(file).length, 0);
    expect(total).toBeLessThanOrEqual(12_000_000);
  });

  it('has one version', () => {
    expect(manifest.version).toBe(NANO_VERSION);
    expect(json('../package.json').version).toBe(NANO_VERSION);
  });

  it('has reference vectors of unit length, or zero for a text without tokens', () => {
    for (const { ids, embedding } of json('./fixtures/embed-reference.json').cases) {
      expect(embedding).toHaveLength(256);
      expect(Math.hypot(...embedding)).toBeCloseTo(ids.length > 0 ? 1 : 0, 4);
    }
  });
});
