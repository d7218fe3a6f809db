/** Stores of streams: every reader gets everything, whoever wrote it; what is damaged, old or of a strange name does no harm. */
import { type FileHandle, open, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FileStreamStore, MemoryStreamStore, type StreamStore } from '../../src/server/index.js';
import type { StoredStream, StreamEnd } from '../../src/server/ui/stream-store.js';
import { temporaryFolder } from './fixtures.js';

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

/** A disk that has room for so many lines more. */
async function fullDisk(lines: number) {
  const file = await open(process.execPath);
  const handles = Object.getPrototypeOf(file) as FileHandle;
  await file.close();
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

  it('that are old are forgotten with the next one', async () => {
    const folder = await temporaryFolder();
    const store = new FileStreamStore({ folder, keepMs: 1000 });
    await (await store.create('old')).end();
    expect(await store.find('old')).toBeDefined();
    const [name] = await readdir(folder);
    await utimes(join(folder, name!), new Date(0), new Date(0));
    expect(await store.find('old')).toBeUndefined();
    await (await store.create('new')).end();
    expect(await readdir(folder)).toHaveLength(1);
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
