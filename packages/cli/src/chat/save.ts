/** Writes a conversation to a file: JSON that a program reads, or Markdown for people. Never over a file that is there. */
import { writeFile } from 'node:fs/promises';
import { TriviumError } from '@trivium/protocol';
import type { Conversation } from './conversation.js';

/**
 * @returns the number of messages
 * @throws TriviumError `io` where the file exists or cannot be written
 */
export async function saveConversation(conversation: Conversation, file: string): Promise<number> {
  const { messages, settings } = conversation;
  const { input } = settings;
  const text = file.endsWith('.json')
    ? `${JSON.stringify({ ...input, messages }, null, 2)}\n`
    : markdown(conversation);
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw TriviumError.from(error);
    throw new TriviumError('io', `There is a file ${file} already.`, {
      file,
      remedy: 'Give another name.',
      cause: error,
    });
  }
  return messages.length;
}

function markdown({ messages, settings }: Conversation): string {
  const { system } = settings.input as { system?: string };
  const parts = [
    ...(system === undefined ? [] : [`## System\n\n${system}`]),
    ...messages.map(({ role, content }) => `## ${role === 'user' ? 'You' : 'Model'}\n\n${content.trim()}`),
  ];
  return `${parts.join('\n\n')}\n`;
}
