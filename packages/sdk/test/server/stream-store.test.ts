/** Stores of streams: every reader gets everything, whoever wrote it; what is damaged, old or of a strange name does no harm. */
import { type FileHandle, open, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FileStreamStore, MemoryStreamStore, type StreamStore } from '../../src/server/index.js';
import type { StoredStream, StreamEnd } from '../../src/server/ui/stream-store.js';
import { temporaryFolder, until } from './fixtures.js';

const signal = new AbortController().signal;

async function readAll(stream: StoredStream | undefined): Promise<{ text: string; end: StreamEnd }> {
  const reading = stream!.read(signal);
  let text = '';
  for (;;) {
    const step = await reading.next();
    if (step.done) return { text, end: step.value };
    text += step.value;
  }
}

/** What all open files do. */
async function fileHandles(): Promise<FileHandle> {
  await using file = await open(process.execPath);
  return Object.getPrototypeOf(file);
}

/** A disk that has room for so many lines more. */
async function fullDisk(lines: number) {
  const handles = await fileHandles();
  const { appendFile } = handles;
  let left = lines;
  return vi.spyOn(handles, 'appendFile').mockImplementation(function (this: FileHandle, text) {
    left -= 1;
    return left < 0 ? Promise.reject(new Error('no space left on device')) : appendFile.call(this, text);
  });
}

const stores: [string, () => Promise<StreamStore>][] = [
  ['memory', async () => new MemoryStreamStore()],
  ['files', async () => new FileStreamStore({ folder: await temporaryFolder() })],
];

describe.each(stores)('streams in %s', (_, make) => {
  it('are read by many, from the beginning, while they grow and when they have ended', async () => {
    const store = await make();
    const writer = await store.create('chat');
    await writer.append('one ');
    const early = readAll(writer);
    const found = readAll(await store.find('chat'));
    await writer.append('two ');
    await writer.append('三');
    const late = readAll(await store.find('chat'));
    await writer.end();
    const ended = await store.find('chat');
    for (const reading of [early, found, late, readAll(ended)])
      expect(await reading).toEqual({ text: 'one two 三', end: 'ended' });
    expect(await store.find('other')).toBeUndefined();
    await ended!.forget!();
    expect(await store.find('chat')).toBeUndefined();
  });

  it('are forgotten while they run too, and never come back', async () => {
    const store = await make();
    const writer = await store.create('chat');
    await writer.append('one ');
    const reading = readAll(writer);
    await writer.forget!();
    expect(await store.find('chat')).toBeUndefined();
    await writer.append('two');
    await writer.end();
    expect((await reading).text).toBe('one two');
    expect(await store.find('chat')).toBeUndefined();
  });

  it('are replaced by the next of their key, and end for those who read the last one', async () => {
    const store = await make();
    const first = await store.create('chat');
    await first.append('first');
    const reading = readAll(first);
    const second = await store.create('chat');
    await second.append('second');
    await first.end();
    expect((await reading).text).toBe('first');
    const found = readAll(await store.find('chat'));
    await second.end();
    expect((await found).text).toBe('second');
  });

  it('are left by a reader that goes', async () => {
    const store = await make();
    const writer = await store.create('chat');
    const gone = new AbortController();
    const reading = writer.read(gone.signal).next();
    gone.abort(new Error('gone'));
    await expect(reading).rejects.toThrow('gone');
    await writer.end();
  });
});

describe('streams in memory', () => {
  afterEach(() => void vi.useRealTimers());

  it('are kept for a while after their end, and not too many of them', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const store = new MemoryStreamStore({ keepMs: 1000 });
    const tell = async (key: string) => (await store.create(key)).end();
    await tell('old');
    vi.advanceTimersByTime(999);
    await tell('young');
    expect(await store.find('old')).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(await store.find('old')).toBeUndefined();
    for (let count = 1; count < 256; count += 1) await tell(`${count}`);
    expect(await store.find('young')).toBeDefined();
    await tell('one more');
    expect(await store.find('young')).toBeUndefined();
    expect(await store.find('1')).toBeDefined();
    // Nobody has to come for their time to pass.
    vi.advanceTimersByTime(1000);
    expect(vi.getTimerCount()).toBe(0);
    expect(await store.find('1')).toBeUndefined();
  });

  it('are kept for ever where that is asked for', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const store = new MemoryStreamStore({ keepMs: Number.POSITIVE_INFINITY });
    await (await store.create('chat')).end();
    vi.advanceTimersByTime(1_000_000);
    expect(await store.find('chat')).toBeDefined();
  });

  it('take no more bytes after their end than they may, those that ended first going first', async () => {
    // Beside its text a stream takes four for each piece.
    const store = new MemoryStreamStore({ keepBytes: 16 });
    const tell = async (key: string, text: string) => {
      const writer = await store.create(key);
      await writer.append(text);
      await writer.end();
    };
    const kept = async () => {
      const keys = ['a', 'b', 'c', 'long'];
      const found = await Promise.all(keys.map((key) => store.find(key)));
      return keys.filter((_, index) => found[index] !== undefined);
    };
    await tell('a', 'four');
    await tell('b', '三三');
    expect(await kept()).toEqual(['a', 'b']);
    await tell('c', 'one');
    expect(await kept()).toEqual(['b', 'c']);
    expect((await readAll(await store.find('b'))).text).toBe('三三');
    // What is replaced or forgotten counts no more.
    await tell('b', 'three');
    await (await store.find('c'))!.forget!();
    await tell('a', 'two');
    expect(await kept()).toEqual(['a', 'b']);
    const running = await store.create('long');
    await running.append('longer than all');
    expect(await kept()).toEqual(['a', 'b', 'long']);
    const reading = readAll(running);
    await running.end();
    expect(await kept()).toEqual([]);
    expect((await reading).text).toBe('longer than all');
  });
});

describe('streams in files', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('are read by another process as they grow', async () => {
    const folder = await temporaryFolder();
    const writer = await new FileStreamStore({ folder }).create('chat');
    await writer.append('one ');
    const reading = readAll(await new FileStreamStore({ folder }).find('chat'));
    await writer.append('two');
    await writer.end();
    expect(await reading).toEqual({ text: 'one two', end: 'ended' });
  });

  it('lie under names that keys cannot choose, for this user alone', async () => {
    const folder = await temporaryFolder();
    const store = new FileStreamStore({ folder });
    for (const key of ['../../etc/x', 'a\0b', 'x'.repeat(5000), '']) {
      const writer = await store.create(key);
      await writer.append('secret');
      expect(
        (
          await readAll(
            await new FileStreamStore({ folder }).find(key).then(async (found) => {
              await writer.end();
              return found;
            }),
          )
        ).text,
      ).toBe('secret');
    }
    for (const name of await readdir(folder))
      expect(name).toMatch(/^[0-9a-f]{32}-[0-9a-z]+-[0-9a-f]{8}\.jsonl$/);
  });

  it('that a killed process left half-written end as interrupted', async () => {
    const folder = await temporaryFolder();
    const writer = await new FileStreamStore({ folder }).create('chat');
    await writer.append('whole ');
    const [name] = await readdir(folder);
    const path = join(folder, name!);
    const [created, ...lines] = (await readFile(path, 'utf8')).split('\n');
    const gone = { ...(JSON.parse(created!) as { process: object }) };
    // No process has this number: the system's largest is smaller.
    gone.process = { ...gone.process, pid: 2 ** 30 };
    await writeFile(path, `${[JSON.stringify(gone), ...lines].join('\n')}{"type":"text","text":"hal`);
    expect(await readAll(await new FileStreamStore({ folder }).find('chat'))).toEqual({
      text: 'whole ',
      end: 'interrupted',
    });
    await writer.end();
  });

  it('of a container that was replaced end once nobody touches them', async () => {
    const folder = await temporaryFolder();
    const writer = await new FileStreamStore({ folder }).create('chat');
    await writer.append('whole');
    const [name] = await readdir(folder);
    const path = join(folder, name!);
    const [created, ...lines] = (await readFile(path, 'utf8')).split('\n');
    const process = { host: '3f2a9c01be77', pid: 7, start: '123' };
    await writeFile(path, [JSON.stringify({ ...JSON.parse(created!), process }), ...lines].join('\n'));
    const found = await new FileStreamStore({ folder }).find('chat');
    const reading = found!.read(signal);
    expect((await reading.next()).value).toBe('whole');
    await utimes(path, new Date(0), new Date(0));
    expect(await reading.next()).toEqual({ done: true, value: 'interrupted' });
    await writer.end();
  });

  it('that say nothing for long are touched until they end', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const folder = await temporaryFolder();
    const writer = await new FileStreamStore({ folder }).create('chat');
    const [name] = await readdir(folder);
    await utimes(join(folder, name!), new Date(0), new Date(0));
    vi.advanceTimersByTime(5000);
    const touchedMs = async () => (await stat(join(folder, name!))).mtimeMs;
    await vi.waitFor(async () => expect(await touchedMs()).toBeGreaterThan(0));
    await writer.end();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('whose first line finds no room are not begun', async () => {
    const folder = await temporaryFolder();
    const store = new FileStreamStore({ folder });
    const full = await fullDisk(0);
    await expect(store.create('chat')).rejects.toThrow('no space left');
    expect(await store.find('chat')).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
    full.mockRestore();
    const writer = await store.create('chat');
    await writer.append('room again');
    await writer.end();
    expect((await readAll(writer)).text).toBe('room again');
  });

  it('whose later lines find no room end as interrupted, and are resumed no more', async () => {
    const folder = await temporaryFolder();
    const store = new FileStreamStore({ folder });
    const full = await fullDisk(2);
    const writer = await store.create('chat');
    await writer.append('kept');
    const reading = readAll(writer);
    await expect(writer.append(' lost')).rejects.toThrow('no space left');
    await expect(writer.end('interrupted')).rejects.toThrow('no space left');
    full.mockRestore();
    expect(await reading).toEqual({ text: 'kept', end: 'interrupted' });
    expect(await store.find('chat')).toBeUndefined();
  });

  it('that are damaged in their middle end there as interrupted', async () => {
    const folder = await temporaryFolder();
    const writer = await new FileStreamStore({ folder }).create('chat');
    for (const text of ['one ', 'two', 'three']) await writer.append(text);
    await writer.end();
    const [name] = await readdir(folder);
    const whole = await readFile(join(folder, name!), 'utf8');
    for (const damaged of ['{"type":"te\0\0', '{"type":"other"}', '']) {
      await writeFile(join(folder, name!), whole.replace('{"type":"text","text":"two"}', damaged));
      const found = await new FileStreamStore({ folder }).find('chat');
      expect(await readAll(found)).toEqual({ text: 'one ', end: 'interrupted' });
    }
  });

  it('that are damaged are no streams', async () => {
    const folder = await temporaryFolder();
    const writer = await new FileStreamStore({ folder }).create('chat');
    await writer.end();
    const [name] = await readdir(folder);
    for (const text of ['not JSON\n', '{"type":"other"}\n', '']) {
      await writeFile(join(folder, name!), text);
      expect(await new FileStreamStore({ folder }).find('chat')).toBeUndefined();
    }
  });

  it('that are old are no more, and are looked for with the next one, once a minute', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const folder = await temporaryFolder();
    const store = new FileStreamStore({ folder, keepMs: 1000 });
    await (await store.create('old')).end();
    expect(await store.find('old')).toBeDefined();
    const [name] = await readdir(folder);
    await utimes(join(folder, name!), new Date(0), new Date(0));
    expect(await store.find('old')).toBeUndefined();
    vi.advanceTimersByTime(59_999);
    await (await store.create('new')).end();
    expect(await readdir(folder)).toHaveLength(2);
    vi.advanceTimersByTime(1);
    await (await store.create('new')).end();
    await until(async () => (await readdir(folder)).length === 1);
    expect(await store.find('new')).toBeDefined();
    vi.useRealTimers();
  });

  it('are looked for again where a disk or the system does not let them be read for once', async () => {
    const folder = await temporaryFolder();
    const store = new FileStreamStore({ folder });
    const writer = await store.create('chat');
    await writer.append('kept');
    await writer.end();
    const handles = await fileHandles();
    const failing = vi.spyOn(handles, 'stat');
    failing.mockRejectedValueOnce(Object.assign(new Error('i/o error'), { code: 'EIO' }));
    await expect(store.find('chat')).rejects.toThrow('i/o error');
    const found = await store.find('chat');
    failing.mockRejectedValueOnce(Object.assign(new Error('i/o error'), { code: 'EIO' }));
    await expect(readAll(found)).rejects.toThrow('i/o error');
    expect((await readAll(found)).text).toBe('kept');
  });

  it('take nothing along that is not theirs when they are forgotten', async () => {
    const folder = await temporaryFolder();
    const theirs = ['training-set.jsonl', `${'0'.repeat(32)}-mx3p0put-213670d7.jsonl`, 'thesis.md'];
    for (const name of theirs) {
      await writeFile(join(folder, name), '{"my":"data"}\n');
      await utimes(join(folder, name), new Date(0), new Date(0));
    }
    await (await new FileStreamStore({ folder }).create('chat')).end();
    expect(await readdir(folder)).toEqual(expect.arrayContaining(theirs));
  });
});

describe('streams in a folder of several servers', () => {
  const two = async () => {
    const folder = await temporaryFolder();
    return { folder, here: new FileStreamStore({ folder }), there: new FileStreamStore({ folder }) };
  };
  const aborted = (signal: AbortSignal | undefined) =>
    new Promise<void>((resolve) => signal!.addEventListener('abort', () => resolve()));

  it('are replaced by the next of their key, whoever begins it, and are wanted no more', async () => {
    const { folder, here, there } = await two();
    const first = await here.create('chat');
    await first.append('first ');
    const reading = readAll(first);
    const unwanted = aborted(first.unwanted);
    const second = await there.create('chat');
    await second.append('second');
    expect((await (await here.find('chat'))!.read(signal).next()).value).toBe('second');
    await unwanted;
    await first.append('end');
    await first.end();
    // Those who read it read on.
    expect(await reading).toEqual({ text: 'first end', end: 'ended' });
    expect(second.unwanted!.aborted).toBe(false);
    await second.end();
    expect((await readAll(await here.find('chat'))).text).toBe('second');
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('follow each other though the clock of one is late', async () => {
    const { here, there } = await two();
    await (await here.create('chat')).end();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 60_000 });
    const late = await there.create('chat');
    vi.useRealTimers();
    await late.append('late');
    await late.end();
    expect((await readAll(await here.find('chat'))).text).toBe('late');
  });

  it('leave one that is begun at once by both', async () => {
    const { folder, here, there } = await two();
    const writers = await Promise.all([here.create('chat'), there.create('chat')]);
    expect(await readdir(folder)).toHaveLength(1);
    for (const writer of writers) await writer.end();
  });

  it('are cancelled through any of them, while they run', async () => {
    const { here, there } = await two();
    expect(await there.cancel('chat')).toBe(false);
    const writer = await here.create('chat');
    await writer.append('so far');
    const unwanted = aborted(writer.unwanted);
    const reading = readAll(await there.find('chat'));
    expect(await there.cancel('chat')).toBe(true);
    expect([await here.find('chat'), await there.find('chat')]).toEqual([undefined, undefined]);
    await unwanted;
    await writer.end();
    expect(await reading).toEqual({ text: 'so far', end: 'ended' });
    const ended = await here.create('chat');
    await ended.append('whole');
    // The one who writes it ends it by itself.
    expect(await here.cancel('chat')).toBe(false);
    await ended.end();
    expect(await there.cancel('chat')).toBe(false);
    expect((await readAll(await there.find('chat'))).text).toBe('whole');
  });

  it('are not ended by being forgotten where they are written', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { here } = await two();
    const writer = await here.create('chat');
    await writer.forget!();
    vi.advanceTimersByTime(5000);
    await writer.append('to the end');
    await writer.end();
    expect(writer.unwanted!.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});
