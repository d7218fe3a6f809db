/** The small files beside a model's weights: what they say is taken, and what is damaged is never passed over. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { getEngine } from '../lib/index.js';

const fixtures = fileURLToPath(new URL('../tests/fixtures/parity/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'trivium-side-files-'));
afterAll(() => rmSync(scratch, { recursive: true }));

let made = 0;
/** A copy of a fixture's folder with some of its files written anew. */
function folder(fixture: string, files: Record<string, unknown>): string {
  made += 1;
  const path = join(scratch, String(made));
  cpSync(fixtures + fixture, path, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return path;
}

async function infoOf(path: string) {
  await using model = await getEngine().loadModel(path);
  return model.info;
}

describe('what they say is taken:', () => {
  const named = (texts: Record<string, string>) =>
    Object.entries(texts).map(([name, template]) => ({ name, template }));
  const file = 'chat_template.jinja';
  const toolFile = 'additional_chat_templates/tool_use.jinja';
  test.each<[string, unknown, Record<string, string>, (string | undefined)?, (string | undefined)?]>([
    ['one template', '{{ a }}', {}, '{{ a }}'],
    ['none', null, {}],
    ['of several the default one', named({ rag: 'b', default: 'c' }), {}, 'c'],
    ['else the first', named({ rag: 'b' }), {}, 'b'],
    ['another for tools', named({ default: 'a', tool_use: 'b' }), {}, 'a', 'b'],
    ['templates by name', { tool_use: 'b', default: 'a' }, {}, 'a', 'b'],
    ['a template of its own file goes before', 'a', { [file]: 'b' }, 'b'],
    ['so does the one for tools', 'a', { [file]: 'b', [toolFile]: 'c' }, 'b', 'c'],
    ['files stand for all of them', named({ default: 'a', tool_use: 'b' }), { [file]: 'c' }, 'c'],
  ])('%s', async (_, chat_template, files, chatTemplate, toolTemplate) => {
    const path = folder('qwen3-tied', { 'tokenizer_config.json': { chat_template }, ...files });
    const info = await infoOf(path);
    expect([info.chatTemplate, info.toolTemplate]).toEqual([chatTemplate, toolTemplate]);
  });

  test('templates of a GGUF file, the default one and the one for tools', async () => {
    const path = join(scratch, 'templates.gguf');
    const text = (value: string) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(value.length));
      return [length, Buffer.from(value)];
    };
    const asString = Buffer.from([8, 0, 0, 0]);
    // Room for whole blocks of 32 bytes: what comes after keeps its alignment.
    const templatesOf = async (templates: Record<string, string>) => {
      const pairs = Object.entries(templates).flatMap(([key, value]) => [
        ...text(key),
        asString,
        ...text(value),
      ]);
      const filler = 32 - ((Buffer.concat(pairs).length + 25) % 32);
      const added = [...pairs, ...text('other'), asString, ...text(' '.repeat(filler))];
      const bytes = readFileSync(`${fixtures}llama-yarn.gguf`);
      bytes.writeBigUInt64LE(bytes.readBigUInt64LE(16) + BigInt(Object.keys(templates).length + 1), 16);
      writeFileSync(path, Buffer.concat([bytes.subarray(0, 24), ...added, bytes.subarray(24)]));
      const info = await infoOf(path);
      return [info.chatTemplate, info.toolTemplate];
    };
    const [key, toolKey] = ['tokenizer.chat_template', 'tokenizer.chat_template.tool_use'];
    expect(await templatesOf({ [key]: 'a' })).toEqual(['a', undefined]);
    expect(await templatesOf({ [key]: 'a', [toolKey]: 'b' })).toEqual(['a', 'b']);
    expect(await templatesOf({ [toolKey]: 'b' })).toEqual(['b', 'b']);
  });

  test('begin and end as texts or objects, end tokens as one or several', async () => {
    const path = folder('qwen3-tied', {
      'tokenizer_config.json': { bos_token: 'a', eos_token: { content: 'b', lstrip: false } },
      'generation_config.json': { eos_token_id: [1, 2, 1e9, -1] },
    });
    const info = await infoOf(path);
    expect(info).toMatchObject({ bosToken: 'a', eosToken: 'b' });
    expect(info.stopTokens).toEqual(expect.arrayContaining([1, 2]));
    expect(info.stopTokens).not.toContain(1e9);
  });

  test('prompts, and the one that stands before texts by default', async () => {
    const prompts = { query: 'query: ', document: '' };
    const config = { prompts, default_prompt_name: 'document' };
    const path = folder('bert-mean', { 'config_sentence_transformers.json': config });
    expect(await infoOf(path)).toMatchObject({ prompts, defaultPrompt: 'document' });
    expect(await infoOf(`${fixtures}bert-mean`)).not.toHaveProperty('defaultPrompt');
  });

  test.each<[string, object | null]>([
    ['none', null],
    ['another one', { type: 'BertNormalizer', lowercase: false }],
    ['a list', { type: 'Sequence', normalizers: [{ type: 'NFC' }] }],
    ['one that lowers it already', { type: 'Lowercase' }],
  ])('that text is put into small letters before the normalizer: %s', async (_, normalizer) => {
    const tokenizer = JSON.parse(readFileSync(`${fixtures}bert-mean/tokenizer.json`, 'utf8'));
    const idsOf = async (do_lower_case: boolean, text: string) => {
      const path = folder('bert-mean', {
        'tokenizer.json': { ...tokenizer, normalizer },
        'sentence_bert_config.json': { do_lower_case },
      });
      await using model = await getEngine().loadModel(path);
      return model.tokenizer.encodeSync(text);
    };
    expect(await idsOf(true, 'Hello WORLD')).toEqual(await idsOf(false, 'hello world'));
  });

  test('that the tokens of prompts are no part of a vector', async () => {
    const path = folder('bert-mean', {
      '1_Pooling/config.json': { pooling_mode: 'mean', include_prompt: false },
    });
    expect(await infoOf(path)).toMatchObject({ poolsPrompts: false });
    expect(await infoOf(`${fixtures}bert-mean`)).not.toHaveProperty('poolsPrompts');
  });
});

describe('what is damaged is an error', () => {
  const language = 'tokenizer_config.json';
  const sentences = 'config_sentence_transformers.json';
  test.each<[string, string, unknown, string]>([
    ['qwen3-tied', language, '{ "chat_template": ', '/'],
    ['qwen3-tied', language, [], '/'],
    ['qwen3-tied', language, { chat_template: 1 }, '/chat_template'],
    ['qwen3-tied', language, { chat_template: [{ name: 'default' }] }, '/chat_template'],
    ['qwen3-tied', language, { chat_template: [{ template: 'a' }] }, '/chat_template'],
    ['qwen3-tied', language, { chat_template: { default: 1 } }, '/chat_template'],
    ['qwen3-tied', language, { eos_token: 2 }, '/eos_token'],
    ['qwen3-tied', language, { bos_token: { text: 'a' } }, '/bos_token'],
    ['qwen3-tied', 'generation_config.json', '', '/'],
    ['qwen3-tied', 'generation_config.json', { eos_token_id: '2' }, '/eos_token_id'],
    ['qwen3-tied', 'generation_config.json', { eos_token_id: [1, 2.5] }, '/eos_token_id'],
    ['bert-mean', sentences, '{,}', '/'],
    ['bert-mean', sentences, { prompts: ['query: '] }, '/prompts'],
    ['bert-mean', sentences, { prompts: { query: 1 } }, '/prompts'],
    ['bert-mean', sentences, { prompts: {}, default_prompt_name: 'query' }, '/default_prompt_name'],
  ])('%s, %s: %j', async (fixture, name, content, field) => {
    const { models } = getEngine().stats();
    const path = folder(fixture, { [name]: content });
    await expect(infoOf(path)).rejects.toMatchObject({
      code: 'bad-format',
      file: join(path, name),
      field,
      expected: expect.any(String),
      found: expect.any(String),
      remedy: expect.stringContaining('download'),
    });
    expect(getEngine().stats().models).toBe(models);
  });

  test.each(['config_sentence_transformers.json', 'tokenizer_config.json', 'modules.json'])(
    '%s that cannot be read is one too, one that is not there is none',
    async (name) => {
      const { models } = getEngine().stats();
      const path = folder('bert-mean', {});
      rmSync(join(path, name), { force: true });
      await infoOf(path);
      mkdirSync(join(path, name), { recursive: true });
      await expect(infoOf(path)).rejects.toMatchObject({ code: 'io', file: join(path, name) });
      expect(getEngine().stats().models).toBe(models);
    },
  );

  test('of a module that modules.json names the file must be there', async () => {
    const path = folder('bert-mean', {});
    const file = join(path, '1_Pooling/config.json');
    rmSync(file);
    await expect(infoOf(path)).rejects.toMatchObject({
      code: 'not-found',
      file,
      remedy: expect.any(String),
    });
    mkdirSync(file);
    await expect(infoOf(path)).rejects.toMatchObject({ code: 'io', file });
  });

  test('of a file beside the weights that were named', async () => {
    const path = folder('qwen3-tied', { [language]: '{' });
    await expect(infoOf(join(path, 'model.safetensors'))).rejects.toMatchObject({
      file: join(path, language),
    });
  });
});

describe('a tokenizer that is not there is an error, and inspect says so:', () => {
  async function refuses(path: string, error: object) {
    const { models } = getEngine().stats();
    const missing = { code: 'not-found', remedy: expect.stringContaining('beside'), ...error };
    await expect(getEngine().loadModel(path)).rejects.toMatchObject(missing);
    await expect(getEngine().loadTokenizer(path)).rejects.toMatchObject(missing);
    expect(await getEngine().inspect(path)).toMatchObject({
      supported: false,
      reason: expect.stringContaining('tokenizer'),
    });
    expect(getEngine().stats().models).toBe(models);
  }

  test.each(['qwen3-tied', 'bert-mean'])('of the folder %s', async (fixture) => {
    const path = folder(fixture, {});
    const file = join(path, 'tokenizer.json');
    rmSync(file);
    await refuses(path, { file, field: 'tokenizer.json' });
    await refuses(join(path, 'model.safetensors'), { file, field: 'tokenizer.json' });
  });

  test('of a GGUF file that names another one', async () => {
    const path = join(scratch, 'rank.gguf');
    cpSync(fileURLToPath(new URL('../../nano/models/rank.gguf', import.meta.url)), path);
    await refuses(path, { file: join(scratch, 'embed.gguf'), field: 'tokenizer.file' });
  });
});

test('a GGUF that holds no tokenizer is refused, and inspect says so', async () => {
  const path = join(scratch, 'without.gguf');
  const bytes = readFileSync(`${fixtures}llama-yarn.gguf`).toString('latin1');
  expect(bytes).toContain('tokenizer.huggingface.json');
  writeFileSync(path, Buffer.from(bytes.replace('.huggingface.json', '.huggingface.none'), 'latin1'));
  const reason = 'The file has no tokenizer.';
  await expect(getEngine().loadModel(path)).rejects.toThrow(reason);
  expect(await getEngine().inspect(path)).toMatchObject({
    supported: false,
    reason: expect.stringContaining(reason),
  });
});
