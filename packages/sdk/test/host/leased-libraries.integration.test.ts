/** Which libraries a host keeps: those that somebody has, and the latest few. Real libraries over real files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLibrary, type Library } from '../../src/documents/index.js';
import { LeasedLibraries } from '../../src/host/leased-libraries.js';

const folder = mkdtempSync(join(tmpdir(), 'trivium-leases-'));
const files = ['a', 'b', 'c', 'd'].map((name) => {
  const file = join(folder, `${name}.md`);
  writeFileSync(file, `# ${name}\n\nThe page of ${name} says that ${name} is a letter.\n`);
  return file;
});
afterAll(() => rmSync(folder, { recursive: true }));

function counted(mostIdle: number) {
  const living = new Set<Library>();
  const libraries = new LeasedLibraries(async () => {
    const library = await createLibrary({ cacheDir: false });
    living.add(library);
    const dispose = library.dispose.bind(library);
    library.dispose = () => {
      living.delete(library);
      return dispose();
    };
    return library;
  }, mostIdle);
  return { libraries, living };
}

describe('libraries that are lent', () => {
  it('are the same for the same paths, and stay while somebody has them', async () => {
    const { libraries, living } = counted(1);
    const first = await libraries.lease([files[0]!]);
    const again = await libraries.lease([files[0]!]);
    expect(again.library).toBe(first.library);
    await first.library.read([files[0]!]);
    for (const file of files.slice(1)) await (await libraries.lease([file]))[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose](); // counts once
    for (const file of files.slice(1)) await (await libraries.lease([file]))[Symbol.asyncDispose]();
    expect(living.has(again.library)).toBe(true);
    expect((await again.library.search('letter')).length).toBeGreaterThan(0);
    await again[Symbol.asyncDispose]();
    await libraries[Symbol.asyncDispose]();
    expect(living.size).toBe(0);
  });

  it('are kept after their callers left, the latest few', async () => {
    const { libraries, living } = counted(2);
    const made: Library[] = [];
    for (const file of files) {
      await using lease = await libraries.lease([file]);
      made.push(lease.library);
    }
    expect(living).toEqual(new Set(made.slice(2)));
    await using kept = await libraries.lease([files[2]!]);
    expect(kept.library).toBe(made[2]);
    await using anew = await libraries.lease([files[0]!]);
    expect(anew.library).not.toBe(made[0]);
    await libraries[Symbol.asyncDispose]();
  });

  it('are made anew where their thread died', async () => {
    const broken = new URL('data:text/javascript,process.exit(1)');
    const made: Library[] = [];
    const libraries = new LeasedLibraries(async () => {
      const options = made.length === 0 ? { workerFile: broken } : { inProcess: true };
      made.push(await createLibrary({ cacheDir: false, staticModel: false, ...options }));
      return made.at(-1)!;
    });
    {
      await using lease = await libraries.lease([files[0]!]);
      await expect(lease.library.read([files[0]!])).rejects.toMatchObject({ code: 'internal' });
      expect(lease.library.ended).toBe(true);
    }
    await using lease = await libraries.lease([files[0]!]);
    expect(await lease.library.read([files[0]!])).toMatchObject({ documents: 1 });
    await using again = await libraries.lease([files[0]!]);
    expect(again.library).toBe(lease.library);
    expect(made).toHaveLength(2);
    await libraries[Symbol.asyncDispose]();
  });

  it('that could not be made are tried again', async () => {
    let isBroken = true;
    const libraries = new LeasedLibraries(async () => {
      if (isBroken) throw new Error('no thread');
      return createLibrary({ cacheDir: false });
    });
    await expect(libraries.lease(['x'])).rejects.toThrow('no thread');
    isBroken = false;
    await (await libraries.lease(['x']))[Symbol.asyncDispose]();
    await libraries[Symbol.asyncDispose]();
  });
});
