/** What every surface over a folder shares: which folder it is, what its host may do, words without places, calls and jobs. */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { contracts, TriviumError } from '@trivium/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documents, Host, models } from '../../src/host/index.js';
import { ServedFolder, servedInput, shownFailure } from '../../src/served/index.js';
import { documentsFolder, temporaryFolder } from '../server/fixtures.js';

const { signal } = new AbortController();
let root: string;
let host: Host;
let folder: ServedFolder;
beforeAll(async () => {
  root = await documentsFolder();
  host = new Host({ cacheDir: await temporaryFolder(), ...ServedFolder.hostSettings(root, {}) });
  folder = new ServedFolder({ host, plugins: [documents, models], root });
});
afterAll(() => host[Symbol.asyncDispose]());

const named = (name: string) => folder.implementations.find(({ capability }) => capability.name === name);

describe('a served folder', () => {
  it('is real, and a folder', async () => {
    await mkdir(join(root, 'real'));
    await symlink(join(root, 'real'), join(root, 'link'));
    expect(ServedFolder.realRoot(join(root, 'link'))).toBe(join(root, 'real'));
    for (const none of ['tea.md', 'nothing'])
      expect(() => ServedFolder.realRoot(join(root, none), '--root')).toThrow(
        expect.objectContaining({ code: 'invalid-argument', field: '--root' }),
      );
  });

  it('has what its permissions leave, and a host that downloads no more than they allow', () => {
    expect([named('ask'), named('pull')]).toEqual([expect.anything(), undefined]);
    const may = (permissions: object) => ServedFolder.hostSettings('/a', permissions);
    const held = { documentsWithin: '/a', jobScope: '/a' };
    expect(may({})).toEqual({ ...held, hub: { offline: true } });
    expect(may({ allowNetwork: true })).toEqual(held);
    expect(may({ allowNetwork: true, readOnly: true })).toEqual(may({}));
  });

  it('describes paths that may be left out', () => {
    const { properties, required } = servedInput(contracts.ask);
    expect(required).toEqual(['question']);
    expect(properties!.paths!.description).toContain('default: all of it.');
  });

  it('tells steps, outputs and jobs from the root on', async () => {
    const read = named('read')!;
    const input = await folder.confine(read.capability, {}, signal);
    expect(input).toEqual({ paths: [root] });
    const steps: unknown[] = [];
    const output = await folder.invoke(read, input, { signal }, (step) => steps.push(step));
    const running = folder.stream(read, input, { signal });
    for (let step = await running.next(); ; step = await running.next()) {
      steps.push(step.value);
      if (step.done) break;
    }
    const { id } = await folder.start(read, input, 'somebody');
    for await (const { progress } of folder.jobs.of('somebody').watch(id))
      steps.push(folder.relative(progress));
    await expect(folder.jobs.of('another').get(id)).rejects.toMatchObject({ code: 'not-found' });
    expect(output).toMatchObject({ documents: 2 });
    expect(steps).toContainEqual(expect.objectContaining({ documents: 2 }));
    expect(steps).toContainEqual(expect.objectContaining({ type: 'read-progress', path: 'tea.md' }));
    expect(JSON.stringify([output, steps])).not.toContain(root);
  });
});

it('a failure names files elsewhere only, and a second path not at all', async () => {
  const elsewhere = '/elsewhere/b.bin';
  const cause = Object.assign(new Error(), { dest: '/elsewhere/c.bin' });
  const message = `EXDEV: rename '${elsewhere}' -> '/elsewhere/c.bin' for ${root}/tea.md`;
  const failure = shownFailure(new TriviumError('io', message, { file: elsewhere, cause }), root);
  expect(failure).toMatchObject({ message: "EXDEV: rename 'b.bin' for tea.md", file: 'b.bin' });
  expect(failure.cause).toMatchObject({ cause });
});
