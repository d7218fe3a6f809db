/** What references mean: their grammar, and the files of a repository they choose. */
import { describe, expect, it } from 'vitest';
import { chooseFiles, shardsOf } from '../../src/models/hub/choose-files.js';
import type { HubListing } from '../../src/models/hub/hub-listing-schema.js';
import { formatHubReference, parseHubReference, staysInside } from '../../src/models/hub/hub-reference.js';

const listing = (...paths: string[]): HubListing => ({
  repo: 'org/repo',
  commit: '1'.repeat(40),
  files: paths.map((path) => ({ path, bytes: 1, gitSha1: '2'.repeat(40) })),
});
const choose = (reference: string, ...paths: string[]) => {
  const { files, entry } = chooseFiles(parseHubReference(reference), listing(...paths));
  return { entry, files: files.map(({ path }) => path) };
};

describe('the grammar of references', () => {
  it.each([
    ['hf:org/repo', { repo: 'org/repo' }],
    ['hf:Org-1/re.po_2', { repo: 'Org-1/re.po_2' }],
    ['hf:org/repo:Q4_K_M', { repo: 'org/repo', quantization: 'Q4_K_M' }],
    ['hf:org/repo@v1.0', { repo: 'org/repo', revision: 'v1.0' }],
    ['hf:org/repo@refs%2Fpr%2F1/a.gguf', { repo: 'org/repo', revision: 'refs/pr/1', file: 'a.gguf' }],
    ['hf:org/repo/sub/model.gguf', { repo: 'org/repo', file: 'sub/model.gguf' }],
    ['hf:org/repo@main/sub:Q8_0', { repo: 'org/repo', revision: 'main', file: 'sub', quantization: 'Q8_0' }],
  ])('%s', (reference, parsed) => {
    expect(parseHubReference(reference)).toEqual(parsed);
    expect(formatHubReference(parseHubReference(reference))).toBe(reference);
  });

  it.each([
    'hf:',
    'hf:repo',
    'hf:../repo',
    'hf:org/..',
    'hf:org/repo/../../secret',
    'hf:org/repo@..%2F..',
    'hf:org/repo@%zz',
    'hf:org/re--po',
    'hf:org/repo/a\\b.gguf',
    'hf:org/repo/.',
    'hf:org//x',
    'hf:org/repo:',
    'hf:org/repo/a:b:c',
    'hf:org/repo@a@b',
    'hf:org/repo\n',
  ])('refuses %j', (reference) => {
    expect(() => parseHubReference(reference)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', field: 'model', remedy: expect.any(String) }),
    );
  });

  it('knows paths that lead out of a folder on any system', () => {
    for (const path of ['', '/a', 'a//b', '..', 'a/../b', 'a\\b', 'C:x', 'a\0b', 'a/.', 'a./b', 'x '])
      expect(staysInside(path), path).toBe(false);
    for (const path of ['a', 'a/b.c', '.hidden', '…/ü']) expect(staysInside(path), path).toBe(true);
  });
});

describe('the files of a reference', () => {
  it('one GGUF is the model; companions are not', () => {
    expect(
      choose('hf:org/repo', 'a-Q4_K_M.gguf', 'mmproj-a-f16.gguf', 'a.imatrix.gguf', 'README.md'),
    ).toEqual({
      entry: 'a-Q4_K_M.gguf',
      files: ['a-Q4_K_M.gguf'],
    });
  });

  it('several GGUF models are refused with how each would be asked for', () => {
    const paths = ['a-Q4_K_M.gguf', 'a-Q8_0.gguf', 'a-UD-Q4_K_XL.gguf', 'odd.gguf'];
    expect(() => choose('hf:org/repo', ...paths)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        expected: 'one of hf:org/repo/odd.gguf, hf:org/repo:Q4_K_M, hf:org/repo:Q8_0, hf:org/repo:UD-Q4_K_XL',
      }),
    );
    expect(choose('hf:org/repo:q8_0', ...paths).files).toEqual(['a-Q8_0.gguf']);
    expect(choose('hf:org/repo:UD-Q4_K_XL', ...paths).files).toEqual(['a-UD-Q4_K_XL.gguf']);
  });

  it('a quantization does not stand for longer names, and must be there', () => {
    const paths = ['a-Q4_K_M.gguf', 'a-IQ4_K.gguf', 'b-Q4_K.gguf'];
    expect(choose('hf:org/repo:Q4_K', ...paths).files).toEqual(['b-Q4_K.gguf']);
    expect(() => choose('hf:org/repo:Q2_K', ...paths)).toThrow(
      expect.objectContaining({ code: 'not-found', expected: expect.stringContaining('hf:org/repo:Q4_K_M') }),
    );
    expect(() => choose('hf:org/repo:Q4_K', 'a-Q4_K.gguf', 'b-Q4_K.gguf')).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        expected: 'one of hf:org/repo/a-Q4_K.gguf, hf:org/repo/b-Q4_K.gguf',
      }),
    );
  });

  it('a split model is all its parts, by quantization, by any part, or by its folder', () => {
    const parts = [1, 2, 3].map((number) => `Q4_K_M/a-Q4_K_M-0000${number}-of-00003.gguf`);
    const paths = [...parts].reverse().concat('Q8_0/a-Q8_0.gguf');
    for (const reference of ['hf:org/repo:Q4_K_M', `hf:org/repo/${parts[1]}`, 'hf:org/repo/Q4_K_M'])
      expect(choose(reference, ...paths)).toEqual({ entry: parts[0], files: parts });
    expect(() => choose('hf:org/repo:Q4_K_M', parts[0]!, parts[2]!)).toThrow(
      expect.objectContaining({ code: 'not-found', message: expect.stringContaining('Part 2 of 3') }),
    );
  });

  it('without GGUF it is a Hugging Face folder and nothing else', () => {
    const wanted = [
      'config.json',
      'generation_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'special_tokens_map.json',
      'chat_template.jinja',
      'additional_chat_templates/tool_use.jinja',
      'modules.json',
      '1_Pooling/config.json',
      'model.safetensors',
    ];
    const others = [
      'README.md',
      'pytorch_model.bin',
      'onnx/model.onnx',
      'openvino/openvino_model.xml',
      'model-00001-of-00002.safetensors',
      'model.safetensors.index.json',
      'original/consolidated.00.pth',
    ];
    expect(choose('hf:org/repo', ...wanted, ...others)).toEqual({ entry: '', files: wanted });
    const nested = [...wanted, ...others].map((path) => `sub/${path}`);
    expect(choose('hf:org/repo/sub', ...nested).entry).toBe('sub');
  });

  it('shards are those the index names', () => {
    const all = listing('config.json', 'model.safetensors.index.json', 'm-1.safetensors', 'm-2.safetensors');
    const { index } = chooseFiles(parseHubReference('hf:org/repo'), all);
    const content = (map: unknown) => JSON.stringify({ weight_map: map });
    const shards = shardsOf(
      index!,
      content({ a: 'm-1.safetensors', b: 'm-2.safetensors', c: 'm-1.safetensors' }),
      all,
    );
    expect(shards.map(({ path }) => path)).toEqual(['m-1.safetensors', 'm-2.safetensors']);
    expect(() => shardsOf(index!, content({ a: '../../x' }), all)).toThrow(
      expect.objectContaining({ code: 'not-found', found: '../../x' }),
    );
    for (const broken of ['{', '[]', content({})])
      expect(() => shardsOf(index!, broken, all)).toThrow(expect.objectContaining({ code: 'bad-format' }));
  });

  it('says what is no model', () => {
    expect(() => choose('hf:org/repo', 'README.md')).toThrow(expect.objectContaining({ code: 'not-found' }));
    expect(() => choose('hf:org/repo', 'config.json', 'pytorch_model.bin')).toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('pickled') }),
    );
    expect(() => choose('hf:org/repo/README.md', 'README.md')).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
    expect(() => choose('hf:org/repo/none.gguf', 'a.gguf')).toThrow(
      expect.objectContaining({ code: 'not-found', expected: 'one of a.gguf' }),
    );
  });
});
