/**
 * Runs a capability that answers conversations as a command: at a terminal line by line, elsewhere over what standard input
 * holds. Flags come from the contract, as for every command; the conversation is kept here.
 */
import { addAbortSignal, type Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { TriviumError } from '@trivium/protocol';
import type { Host } from '@trivium/sdk';
import { type Command, shapeOf } from '../command.js';
import { parseCommand } from '../flags.js';
import { commandHelp } from '../help.js';
import { type LoadSettings, loadSettingsOf, ownFlagsOf, typesOf } from '../own-flags.js';
import { ProgressLine } from '../progress-line.js';
import { AnswerPrinter, type Output } from './answer-printer.js';
import { Conversation } from './conversation.js';
import { loadConversation, refuseExisting, saveConversation } from './conversation-file.js';
import { talk } from './interactive.js';

const atTerminal = [
  '',
  'At a terminal it is a conversation: /reset, /save FILE, /load FILE, /help and /exit are commands, Ctrl-C stops an answer',
  'and a second one leaves. What a model thinks is shown dimmed there, and nowhere but in --json and --events otherwise.',
].join('\n');

export interface ChatStreams {
  input: Readable & { isTTY?: boolean };
  out: Output;
  notes: NodeJS.WritableStream & Output;
}

export async function runChat(
  command: Command,
  field: string,
  argv: readonly string[],
  openHost: (settings: LoadSettings) => Host,
  signal: AbortSignal,
  interrupt: () => void,
  { input: typed, out, notes }: ChatStreams = {
    input: process.stdin,
    out: process.stdout,
    notes: process.stderr,
  },
): Promise<void> {
  const { capability } = command;
  const ownFlags = ownFlagsOf(capability);
  const { input: given, own } = parseCommand(capability, argv, typesOf(ownFlags));
  if (own.help) {
    out.write(`${commandHelp(capability, ownFlags)}\n${atTerminal}\n`);
    return;
  }
  const printer = new AnswerPrinter(out, notes, shapeOf(capability, own));
  const [from, to] = [own.load, own.save].map((file) => (typeof file === 'string' ? file : undefined));
  const earlier = from === undefined ? undefined : await loadConversation(from);
  if (to !== undefined && to !== from) await refuseExisting(to);
  const host = openHost(loadSettingsOf(own));
  const input = { ...earlier?.input, ...given };
  const conversation = new Conversation({ command, field, input, host });
  if (earlier && from !== undefined) conversation.takeUp(earlier.messages, from);
  try {
    if (typed.isTTY && !own.lines) {
      await greet(host, input.model as string | undefined, notes, signal);
      await talk(conversation, printer, { input: typed, notes, interrupt }, signal);
    } else {
      for (const text of turnsOf(await textOf(addAbortSignal(signal, typed)), own.lines === true))
        printer.end(await conversation.turn(text, signal, (step) => printer.step(step)));
    }
  } catch (error) {
    printer.break();
    throw error;
  } finally {
    // What was said until then is kept, whatever ended it.
    if (to !== undefined && conversation.messages.length > 0) await saveConversation(conversation, to);
  }
}

/** Loads the model before the first message, so that what is wrong with it is said before anyone has typed one. */
async function greet(
  host: Host,
  given: string | undefined,
  notes: Output,
  signal: AbortSignal,
): Promise<void> {
  const reference = host.languageModel(given);
  const progress = new ProgressLine();
  try {
    const { info } = await host.models.get(reference, 'language', {
      signal,
      onProgress: (step) => progress.update(step),
    });
    progress.clear();
    notes.write(
      `${info.name || reference}: ${info.contextTokens} tokens of context. /help lists the commands.\n`,
    );
  } finally {
    progress.clear();
  }
}

/** @throws TriviumError `invalid-argument` where there is no message */
function turnsOf(text: string, byLine: boolean): string[] {
  const turns = (byLine ? text.split(/\r?\n/) : [text.replace(/\r?\n$/, '')]).filter(
    (turn) => turn.trim() !== '',
  );
  if (turns.length > 0) return turns;
  throw new TriviumError('invalid-argument', 'Standard input holds no message.', {
    field: 'messages',
    remedy: 'Pipe one in, or run the command at a terminal.',
  });
}
