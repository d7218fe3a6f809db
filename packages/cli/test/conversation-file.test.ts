/** The files of `trivium chat`: two sessions, or a session and somebody else, mean the same name. */
import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Conversation } from '../src/chat/conversation.js';
import { ConversationFiles } from '../src/chat/conversation-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trivium-conversation-'));
});
afterEach(() => rm(folder, { recursive: true }));

const saying = (content: string) =>
  ({ messages: [{ role: 'user', content }], settings: { input: {} } }) as unknown as Conversation;
const saidIn = async (file: string) => JSON.parse(await readFile(file, 'utf8')).messages[0].content;

test('two sessions that end with the same new file both keep their conversation', async () => {
  const file = join(folder, 'talk.json');
  const [first, second] = [new ConversationFiles(), new ConversationFiles()];
  await first.claim(file);
  await second.claim(file);
  expect(await first.keep(saying('first'), file)).toBe(file);
  await expect(second.save(saying('second'), file)).rejects.toMatchObject({ code: 'io', file });
  const beside = join(folder, 'talk-2.json');
  expect(await second.keep(saying('second'), file)).toBe(beside);
  expect(await first.keep(saying('first again'), file)).toBe(file);
  expect([await saidIn(file), await saidIn(beside)]).toEqual(['first again', 'second']);
  expect((await readdir(folder)).sort()).toEqual(['talk-2.json', 'talk.json']);
});

test('what came to a claimed name stays as it is, and so do the names beside it', async () => {
  const file = join(folder, 'talk.md');
  const files = new ConversationFiles();
  await files.claim(file);
  for (const name of ['talk.md', 'talk-2.md']) await writeFile(join(folder, name), 'mine');
  expect(basename(await files.keep(saying('a'), file))).toBe('talk-3.md');
  for (const name of ['talk.md', 'talk-2.md'])
    expect(await readFile(join(folder, name), 'utf8')).toBe('mine');
});

test('a claimed file that this session saved to is replaced at the end', async () => {
  const file = join(folder, 'talk.json');
  const files = new ConversationFiles();
  await files.claim(file);
  await files.save(saying('a'), file);
  expect(await files.keep(saying('b'), file)).toBe(file);
  expect(await saidIn(file)).toBe('b');
});

test('what cannot be written leaves nothing in the place of its name', async () => {
  // Long enough that the file beside it, which takes its place, has no name.
  const file = join(folder, `${'a'.repeat(245)}.json`);
  await expect(new ConversationFiles().save(saying('a'), file)).rejects.toMatchObject({ code: 'io' });
  expect(await readdir(folder)).toEqual([]);
});

test.skipIf(process.platform === 'win32')('a pipe is not waited for', async () => {
  const file = join(folder, 'pipe.json');
  execFileSync('mkfifo', [file]);
  await expect(new ConversationFiles().load(file)).rejects.toMatchObject({ code: 'io', file });
});

test('a file that is replaced stays for whom it was, and where a link leads', async () => {
  const [file, link] = [join(folder, 'talk.json'), join(folder, 'link.json')];
  await new ConversationFiles().save(saying('a'), file);
  await chmod(file, 0o600);
  await symlink('talk.json', link);
  const files = new ConversationFiles();
  await files.load(link);
  await files.save(saying('b'), link);
  expect(await saidIn(file)).toBe('b');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
});
