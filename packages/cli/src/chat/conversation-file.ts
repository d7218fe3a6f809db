/**
 * Conversations as files: JSON, which can be taken up again with what was asked of the model, or Markdown for people. Never
 * over a file that this session neither read nor wrote.
 */
import { randomBytes } from 'node:crypto';
import { access, chmod, constants, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, parse, resolve } from 'node:path';
import { type ChatMessage, contracts, TriviumError } from '@trivium/protocol';
import { z } from 'zod';
import type { Conversation } from './conversation.js';

const savedConversation = contracts.chat.input
  .omit({ messages: true, temperature: true })
  .extend({ messages: z.array(contracts.chatMessage), temperature: z.number().min(0).optional() });

export interface SavedConversation {
  messages: ChatMessage[];
  /** The other fields of the call: the model, what it was told, how it chose. */
  input: Record<string, unknown>;
}

/** The files of one session. */
export class ConversationFiles {
  /** Where the conversation was last saved, or came from. */
  last: string | undefined;
  /** Those that may be replaced, whichever conversation they held. */
  readonly #own = new Set<string>();

  /** @throws TriviumError `io` where it is no file or cannot be read, `bad-format` where it holds no conversation */
  async load(file: string): Promise<SavedConversation> {
    const found = await stat(file).catch(fail);
    if (!found.isFile()) throw noFile(file);
    const saved = read(file, await readFile(file, 'utf8').catch(fail));
    this.#own.add(resolve(file));
    this.last = file;
    return saved;
  }

  /**
   * The file that the session will end with, so that what is wrong with it is said before a conversation rather than after.
   * It is the session's own once it is written: until then another may come there.
   * @throws TriviumError `io` where it is somebody else's, or could not be written
   */
  async claim(file: string): Promise<void> {
    if (!this.#own.has(resolve(file)) && (await exists(file))) throw existing(file);
    await access(dirname(resolve(file)), constants.W_OK).catch(fail);
  }

  /**
   * @returns the number of messages
   * @throws TriviumError `io` where it is somebody else's, or cannot be written
   */
  async save(conversation: Conversation, file: string): Promise<number> {
    if (!(await this.#write(conversation, file))) throw existing(file);
    return conversation.messages.length;
  }

  /**
   * Saves what would be lost otherwise: under a free name beside `file` where that is somebody else's by now.
   * @returns the file. @throws TriviumError `io` where it cannot be written
   */
  async keep(conversation: Conversation, file: string): Promise<string> {
    const { dir, name, ext } = parse(file);
    let free = file;
    for (let count = 2; !(await this.#write(conversation, free)); count += 1)
      free = join(dir, `${name}-${count}${ext}`);
    return free;
  }

  /** @returns false where the file is somebody else's. @throws TriviumError where it cannot be written */
  async #write(conversation: Conversation, file: string): Promise<boolean> {
    const isNew = !this.#own.has(resolve(file));
    if (isNew && !(await created(file))) return false;
    try {
      await replace(file, textOf(conversation, file));
    } catch (error) {
      // What holds the name and no conversation would stand in the way of the next session.
      if (isNew) await rm(file, { force: true }).catch(() => {});
      throw error;
    }
    this.#own.add(resolve(file));
    this.last = file;
    return true;
  }
}

function fail(error: unknown): never {
  throw TriviumError.from(error);
}

/** At once, for who may read it already, and where a link leads. @throws TriviumError */
async function replace(file: string, text: string): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const part = `${target}.${randomBytes(4).toString('hex')}.part`;
  try {
    const before = await stat(target).catch(() => undefined);
    await writeFile(part, text, { flag: 'wx', ...(before && { mode: 0o600 }) });
    if (before) await chmod(part, before.mode & 0o777);
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    throw TriviumError.from(error);
  }
}

/** An empty file, which holds the name. @returns false where there is one already. @throws TriviumError */
async function created(file: string): Promise<boolean> {
  try {
    await writeFile(file, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw TriviumError.from(error);
  }
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

function read(file: string, text: string): SavedConversation {
  const { success, data, error } = savedConversation.safeParse(parsed(text));
  if (!success) {
    const [issue] = error.issues;
    throw new TriviumError('bad-format', `${file} holds no conversation that /save wrote as JSON.`, {
      file,
      field: issue?.path.join('.') || undefined,
      expected: issue?.message,
      remedy: 'Save it under a name that ends in .json; Markdown is for people.',
    });
  }
  const { messages, ...input } = data;
  return { messages, input };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A pipe for one is never read to its end, nor given up. */
const noFile = (file: string) =>
  new TriviumError('io', `${file} is no regular file.`, {
    file,
    remedy: 'Load a file that /save or --save wrote.',
  });

const existing = (file: string) =>
  new TriviumError('io', `There is a file ${file} already.`, {
    file,
    remedy: 'Give another name, or load it to go on with it.',
  });

const textOf = (conversation: Conversation, file: string) =>
  file.endsWith('.json')
    ? `${JSON.stringify({ ...conversation.settings.input, messages: conversation.messages }, null, 2)}\n`
    : markdown(conversation);

function markdown({ messages, settings }: Conversation): string {
  const { system } = settings.input as { system?: string };
  const parts = [
    ...(system === undefined ? [] : [`## System\n\n${system}`]),
    ...messages.map(({ role, content }) => `## ${role === 'user' ? 'You' : 'Model'}\n\n${content.trim()}`),
  ];
  return `${parts.join('\n\n')}\n`;
}
