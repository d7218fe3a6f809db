/**
 * Conversations as files: JSON, which can be taken up again with what was asked of the model, or Markdown for people. Never
 * over a file that is there, but for the one that the conversation came from.
 */
import { access, readFile, rename, writeFile } from 'node:fs/promises';
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

/**
 * @throws TriviumError `io` where the file cannot be read, `bad-format` where it holds no conversation
 */
export async function loadConversation(file: string): Promise<SavedConversation> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw TriviumError.from(error);
  }
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

/**
 * @returns the number of messages
 * @throws TriviumError `io` where another file exists under this name, or it cannot be written
 */
export async function saveConversation(conversation: Conversation, file: string): Promise<number> {
  const { messages, settings } = conversation;
  const text = file.endsWith('.json')
    ? `${JSON.stringify({ ...settings.input, messages }, null, 2)}\n`
    : markdown(conversation);
  try {
    if (file === conversation.file) {
      await writeFile(`${file}.part`, text);
      await rename(`${file}.part`, file);
    } else await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? existing(file) : TriviumError.from(error);
  }
  conversation.file = file;
  return messages.length;
}

/** Said before a conversation rather than at its end. @throws TriviumError `io` */
export async function refuseExisting(file: string): Promise<void> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (exists) throw existing(file);
}

const existing = (file: string) =>
  new TriviumError('io', `There is a file ${file} already.`, {
    file,
    remedy: 'Give another name, or load it to go on with it.',
  });

function markdown({ messages, settings }: Conversation): string {
  const { system } = settings.input as { system?: string };
  const parts = [
    ...(system === undefined ? [] : [`## System\n\n${system}`]),
    ...messages.map(({ role, content }) => `## ${role === 'user' ? 'You' : 'Model'}\n\n${content.trim()}`),
  ];
  return `${parts.join('\n\n')}\n`;
}
