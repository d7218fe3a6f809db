import { mkdir, mkdtemp, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AnyCapability, contracts, defineCapability, filePath, modelReference } from '@trivium/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { confine } from '../../src/served/confine.js';
import { pathFields } from '../../src/served/path-fields.js';
import { relativePaths } from '../../src/served/relative-paths.js';

let root: string;
let inside: { root: string; hub: boolean };
beforeAll(async () => {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'trivium-confine-')));
  root = join(base, 'root');
  inside = { root, hub: false };
  await mkdir(join(root, 'docs'), { recursive: true });
  await writeFile(join(base, 'secret.txt'), 'secret');
  await writeFile(join(root, 'docs/a.md'), '# A');
  await symlink(join(base, 'secret.txt'), join(root, 'docs/link.md'));
});

describe('a caller stays inside the root', () => {
  it('knows the fields that name files', () => {
    expect(pathFields(contracts.ask).map(({ field }) => field)).toEqual(['paths', 'model']);
    expect(pathFields(contracts.inspect)).toEqual([{ field: 'file', role: 'model', list: false }]);
    expect(pathFields(contracts.documentsText)).toEqual([{ field: 'path', role: 'path', list: false }]);
  });

  it('resolves relative paths and takes the root when none is given', async () => {
    expect(await confine(contracts.search, { paths: ['docs/a.md'], query: 'x' }, inside)).toEqual({
      paths: [join(root, 'docs/a.md')],
      query: 'x',
    });
    expect(await confine(contracts.search, { query: 'x' }, inside)).toEqual({ paths: [root], query: 'x' });
  });

  it.each(['../secret.txt', '/etc/passwd', 'docs/link.md', 'docs/../../secret.txt', 'new/../../x'])(
    'refuses %s',
    async (path) => {
      await expect(confine(contracts.search, { paths: [path], query: 'x' }, inside)).rejects.toMatchObject({
        code: 'outside-root',
        field: 'paths',
      });
      await expect(confine(contracts.inspect, { file: path }, inside)).rejects.toMatchObject({
        code: 'outside-root',
      });
    },
  );

  it('refuses what can be no path', async () => {
    await expect(confine(contracts.search, { paths: ['a\0b'], query: 'x' }, inside)).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'paths',
    });
  });

  it('takes paths that are as long, and as many, as people have', async () => {
    const search = (paths: string[]) => confine(contracts.search, { paths, query: 'x' }, inside);
    const refused = { code: 'invalid-argument', field: 'paths' };
    await expect(search(['a/'.repeat(2049)])).rejects.toMatchObject(refused);
    const many = defineCapability({
      ...contracts.search,
      input: z.object({ paths: z.array(modelReference) }),
    });
    await expect(confine(many, { paths: Array(10_001).fill('nano') }, inside)).rejects.toMatchObject(refused);
    const glob = `.${'a'.repeat(4000)}*/x`;
    expect(await search([glob])).toMatchObject({ paths: [join(root, glob)] });
  });

  it('leaves the rest once whoever asks has gone', async () => {
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(confine(contracts.search, { paths: ['docs'] }, inside, gone)).rejects.toThrow('gone');
  });

  it('lets embedded models through and confines the others', async () => {
    expect(await confine(contracts.embed, { texts: ['x'], model: 'nano' }, inside)).toMatchObject({
      model: 'nano',
    });
    expect(await confine(contracts.inspect, { file: 'nano' }, inside)).toEqual({ file: 'nano' });
    await expect(
      confine(contracts.embed, { texts: ['x'], model: '../m.gguf' }, inside),
    ).rejects.toMatchObject({
      code: 'outside-root',
    });
  });

  it('lets models of the hub through only where the network is allowed', async () => {
    const input = { texts: ['x'], model: 'hf:org/repo' };
    await expect(confine(contracts.embed, input, inside)).rejects.toMatchObject({
      code: 'outside-root',
      remedy: expect.stringContaining('--allow-network'),
    });
    expect(await confine(contracts.embed, input, { root, hub: true })).toEqual(input);
    // A path is a path, whatever it looks like.
    await expect(
      confine(contracts.documentsText, { path: 'hf:../../../x' }, { root, hub: true }),
    ).rejects.toMatchObject({
      code: 'outside-root',
    });
  });

  it('looks into objects: the models of stages, and the checkpoint, which the host writes', async () => {
    expect(pathFields(contracts.write).map(({ field }) => field)).toEqual([
      'paths',
      'model',
      'stages.summary.model',
      'stages.expand.model',
      'stages.polish.model',
      'checkpoint',
    ]);
    const call = { instruction: 'x', checkpoint: 'state.json', stages: { polish: { model: 'm.gguf' } } };
    expect(await confine(contracts.write, call, { root, hub: false })).toEqual({
      instruction: 'x',
      paths: [root],
      checkpoint: join(root, 'state.json'),
      stages: { polish: { model: join(root, 'm.gguf') } },
    });
    expect(
      await confine(contracts.write, { instruction: 'x', stages: { polish: false } }, { root, hub: false }),
    ).toMatchObject({ stages: { polish: false } });
    for (const [field, input] of [
      ['checkpoint', { checkpoint: '../state.json' }],
      ['checkpoint', { checkpoint: 'docs/link.md' }],
      ['stages.polish.model', { stages: { polish: { model: '../m.gguf' } } }],
      ['stages.summary.model', { stages: { summary: { model: '/m.gguf', ratio: 0.3 } } }],
    ] as const)
      await expect(
        confine(contracts.write, { instruction: 'x', ...input }, { root, hub: false }),
      ).rejects.toMatchObject({
        code: 'outside-root',
        field,
      });
  });

  /** One that takes a value of this schema as `at`. */
  const taking = (schema: z.ZodType): AnyCapability =>
    defineCapability({ ...contracts.inspect, input: z.object({ at: schema }) });
  const path = filePath('A file.');
  const tree = z.object({
    path,
    get branches(): z.ZodType {
      return z.array(tree).optional();
    },
  });

  it('confines the default of a path that is left out', async () => {
    const inObject = taking(z.object({ file: path.default('docs/a.md'), size: z.number().default(1) }));
    expect(await confine(inObject, { at: {} }, inside)).toEqual({ at: { file: join(root, 'docs/a.md') } });
    expect(await confine(taking(path.default('docs')), {}, inside)).toEqual({ at: join(root, 'docs') });
    expect(await confine(taking(z.array(path).prefault(['docs'])), {}, inside)).toEqual({
      at: [join(root, 'docs')],
    });
    await expect(confine(taking(path.default('/etc/passwd')), {}, inside)).rejects.toMatchObject({
      code: 'outside-root',
    });
  });

  it('walks through no value twice, however deep it is', async () => {
    const deep = (depth: number): unknown => (depth === 0 ? 'docs/a.md' : [deep(depth - 1)]);
    expect(await confine(taking(z.json()), { at: deep(100) }, inside)).toEqual({ at: deep(100) });
    const nested: z.ZodType = z.lazy(() => z.union([path, z.array(nested), z.record(z.string(), nested)]));
    expect(JSON.stringify(await confine(taking(nested), { at: deep(100) }, inside))).toContain(
      join(root, 'docs/a.md'),
    );
  });

  it('follows a link that leads nowhere yet', async () => {
    await symlink(join(root, '../new.txt'), join(root, 'docs/out.md'));
    await symlink('new.md', join(root, 'docs/in.md'));
    await symlink('circle.md', join(root, 'docs/circle.md'));
    await expect(confine(taking(path), { at: 'docs/out.md' }, inside)).rejects.toMatchObject({
      code: 'outside-root',
    });
    expect(await confine(taking(path), { at: 'docs/in.md' }, inside)).toEqual({
      at: join(root, 'docs/new.md'),
    });
    expect(await confine(taking(path), { at: 'docs/circle.md' }, inside)).toEqual({
      at: join(root, 'docs/circle.md'),
    });
  });

  it.each<[string, z.ZodType, unknown, unknown]>([
    ['records', z.record(z.string(), path), { a: 'docs/a.md' }, { a: '/etc/passwd' }],
    ['names of records', z.record(path, z.string()), { 'docs/a.md': '' }, { '/etc/passwd': '' }],
    ['tuples', z.tuple([z.number(), path]), [1, 'docs/a.md'], [1, '/etc/passwd']],
    ['the rest of tuples', z.tuple([path], path), ['docs', 'docs/a.md'], ['docs', '/etc/passwd']],
    ['any field', z.object({}).catchall(path), { a: 'docs/a.md' }, { a: '/etc/passwd' }],
    ['lazy schemas', z.lazy(() => path.nullable()), 'docs/a.md', '/etc/passwd'],
    [
      'trees',
      tree,
      { path: 'docs', branches: [{ path: 'docs/a.md' }] },
      { branches: [{ path: '/etc/passwd' }] },
    ],
    [
      'intersections',
      z.intersection(z.object({ a: path }), z.object({ b: path })),
      { a: 'docs', b: 'docs/a.md' },
      { a: 'docs', b: '/etc/passwd' },
    ],
    ['unions', z.union([z.number(), z.object({ a: path })]), { a: 'docs/a.md' }, { a: '/etc/passwd' }],
    ['defaults', path.default('docs').catch('docs').readonly(), 'docs/a.md', '/etc/passwd'],
    ['checked paths', path.trim().refine(() => true), 'docs/a.md', '/etc/passwd'],
  ])('looks into %s', async (_, schema, within, outside) => {
    const absolute = JSON.parse(JSON.stringify(within).replaceAll('docs', join(root, 'docs')));
    expect(await confine(taking(schema), { at: within }, inside)).toEqual({ at: absolute });
    await expect(confine(taking(schema), { at: outside }, inside)).rejects.toMatchObject({
      code: 'outside-root',
    });
  });

  it('hands on what is marked nowhere as it is', async () => {
    const at = new Date();
    const confined = await confine(
      taking(z.union([z.date(), z.map(z.string(), z.string())])),
      { at },
      inside,
    );
    expect(confined.at).toBe(at);
  });

  const twig: z.ZodType = z.object({ path, twigs: z.set(z.lazy(() => twig)).optional() });
  it.each([
    ['a set', z.set(path)],
    ['a map of lists', z.object({ files: z.map(z.string(), z.array(path)) })],
    ['a promise', z.promise(path)],
    ['a set of what holds the set', twig],
    // Those that `defineCapability` refuses; a plugin may bring contracts that it has not made.
    ['a transform', path.transform((text) => `/etc/${text}`)],
    ['a preprocess', z.object({ a: z.preprocess((text) => `/etc/${text}`, path) })],
  ])('refuses a contract with a path in %s', async (_, at) => {
    const capability: AnyCapability = { ...contracts.inspect, input: z.object({ at }) };
    expect(() => pathFields(capability)).toThrow('cannot be confined');
    await expect(confine(capability, {}, inside)).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('never tells where the root is', () => {
    expect(relativePaths({ citations: [{ path: join(root, 'docs/a.md'), text: '/x' }] }, root)).toEqual({
      citations: [{ path: join('docs', 'a.md'), text: '/x' }],
    });
    expect(relativePaths({ path: join(root, '..', 'cache', 'model.gguf') }, root)).toEqual({
      path: 'model.gguf',
    });
    expect(relativePaths({ stages: [{ model: join(root, 'm.gguf') }, { model: 'nano' }] }, root)).toEqual({
      stages: [{ model: 'm.gguf' }, { model: 'nano' }],
    });
  });

  it('leaves what else a plugin answers as JSON says it, and finds paths in that too', () => {
    class Page {
      readonly path = join(root, 'docs/a.md');
    }
    const output = {
      at: new Date(0),
      link: new URL('https://a.test/b'),
      numbers: new Float32Array([1, 2]),
      bytes: Buffer.from('a'),
      map: new Map([[1, 2]]),
      none: [new Date(Number.NaN), undefined],
      keyed: { toJSON: (key: string) => key },
      nested: [{ toJSON: (key: string) => [key, new Date(0)] }],
    };
    expect(JSON.stringify(relativePaths(output, root))).toBe(JSON.stringify(output));
    expect(JSON.stringify(relativePaths(output.at, root))).toBe(JSON.stringify(output.at));
    const shown = { path: join('docs', 'a.md') };
    const said = (value: unknown) => ({ toJSON: () => value });
    expect(
      relativePaths([new Page(), said(new Page()), { path: said(join(root, 'docs/a.md')) }], root),
    ).toEqual([shown, shown, shown]);
    expect(relativePaths({ warnings: said([said(`${root} is full`)]) }, root)).toEqual({
      warnings: ['. is full'],
    });
  });

  it('nor does it in what is said of files', () => {
    const damage = `${join(root, 'docs/a.pdf')}: pages that cannot be read: 2`;
    const shown = `${join('docs', 'a.pdf')}: pages that cannot be read: 2`;
    expect(relativePaths({ warnings: [damage] }, root)).toEqual({ warnings: [shown] });
    expect(relativePaths({ type: 'warning', message: damage }, root)).toEqual({
      type: 'warning',
      message: shown,
    });
    const job = { progress: { type: 'warning', message: damage }, output: { warnings: [damage] } };
    expect(relativePaths(job, root)).toEqual({
      progress: { type: 'warning', message: shown },
      output: { warnings: [shown] },
    });
    const reason = `EIO: i/o error, read '${join(root, 'a.md')}'`;
    expect(relativePaths({ skipped: [{ path: 'a.md', reason }] }, root)).toEqual({
      skipped: [{ path: 'a.md', reason: "EIO: i/o error, read 'a.md'" }],
    });
    // What a caller or a document says stays as it is.
    expect(relativePaths({ text: damage, message: damage }, root)).toEqual({ text: damage, message: damage });
  });
});
