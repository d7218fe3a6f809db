/** Models inside the root of which a part would lie outside: the engine follows links that the path alone does not show. */
import { linkSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { contracts } from '@trivium/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { confine } from '../../src/served/confine.js';
import { testServer } from '../server/fixtures.js';

let base: string;
let root: string;
beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'trivium-model-links-')));
  root = join(base, 'root');
  await mkdir(root);
  await write('../outside/secret', 'TOKEN=swordfish');
});
afterEach(() => rm(base, { recursive: true, force: true }));

async function write(name: string, content = '') {
  await mkdir(dirname(join(root, name)), { recursive: true });
  await writeFile(join(root, name), content);
}
async function link(name: string, target: string) {
  await mkdir(dirname(join(root, name)), { recursive: true });
  await symlink(target, join(root, name));
}
const confined = (file: string) => confine(contracts.inspect, { file }, { root, hub: false });
const refused = { code: 'outside-root', field: 'file' };

describe('a folder', () => {
  it.each([
    'config.json',
    'chat_template.jinja',
    'model-00002-of-00002.safetensors',
    '1_Pooling/config.json',
  ])('whose %s lies outside is refused', async (name) => {
    await write('hf/tokenizer.json');
    await link(`hf/${name}`, join(base, 'outside/secret'));
    await expect(confined('hf')).rejects.toMatchObject(refused);
  });

  it('is refused for a link that leads nowhere yet, and for folders that lead out, themselves or by what is in them', async () => {
    await link('a/config.json', '../../outside/new');
    await link('b/1_Pooling', '../../outside');
    await link('c/shards', '../shards');
    await link('shards/deep/x.safetensors', '../../../outside/secret');
    for (const name of ['a', 'b', 'c']) await expect(confined(name)).rejects.toMatchObject(refused);
  });

  it('of a cache inside the root may have its files elsewhere there, and go round in circles', async () => {
    await write('cache/blobs/0123', '{}');
    await link('cache/snapshots/main/config.json', '../../blobs/0123');
    await link('cache/snapshots/main/1_Pooling', '..');
    await link('model', 'cache/snapshots/main');
    expect(await confined('model')).toEqual({ file: join(root, 'cache/snapshots/main') });
  });

  it('of more files than a model has is refused', async () => {
    await write('many/config.json');
    for (let file = 0; file < 10_000; file += 1)
      linkSync(join(root, 'many/config.json'), join(root, 'many', `${file}`));
    await expect(confined('many')).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('tells nothing of a file outside over HTTP', async () => {
    await link('hf/config.json', join(base, 'outside/secret'));
    await using server = await testServer({ root });
    const response = await server.post('/v1/capabilities/models/inspect', { file: 'hf' });
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain('sword');
  });
});

describe('a file', () => {
  it('of weights is refused where a text that it borrows lies outside, and for no other link', async () => {
    await write('m.safetensors');
    await link('usr', '/usr');
    expect(await confined('m.safetensors')).toEqual({ file: join(root, 'm.safetensors') });
    await link('tokenizer.json', join(base, 'outside/secret'));
    await expect(confined('m.safetensors')).rejects.toMatchObject(refused);
  });

  it('of weights is refused where its templates for tools lie outside, one of them or all', async () => {
    await write('one/m.safetensors');
    await link('one/additional_chat_templates/tool_use.jinja', join(base, 'outside/secret'));
    await write('all/m.safetensors');
    await link('all/additional_chat_templates', join(base, 'outside'));
    for (const name of ['one', 'all'])
      await expect(confined(`${name}/m.safetensors`)).rejects.toMatchObject(refused);
  });

  it('of weights is refused beside a list of modules and a folder that leads out: it may be one of them', async () => {
    await write('m.safetensors');
    await write('modules.json', '[{ "type": "sentence_transformers.models.Pooling", "path": "elsewhere" }]');
    expect(await confined('m.safetensors')).toEqual({ file: join(root, 'm.safetensors') });
    await link('elsewhere', join(base, 'outside'));
    await expect(confined('m.safetensors')).rejects.toMatchObject(refused);
  });

  it('that is part of a split one is refused where another part lies outside', async () => {
    await write('m-00001-of-00002.gguf');
    await write('n.gguf');
    await link('m-00002-of-00003.gguf', join(base, 'outside/secret'));
    await link('other-00002-of-00002.gguf', join(base, 'outside/secret'));
    expect(await confined('m-00001-of-00002.gguf')).toEqual({ file: join(root, 'm-00001-of-00002.gguf') });
    await link('m-00002-of-00002.gguf', join(base, 'outside/secret'));
    await expect(confined('m-00001-of-00002.gguf')).rejects.toMatchObject(refused);
    expect(await confined('n.gguf')).toEqual({ file: join(root, 'n.gguf') });
  });
});
