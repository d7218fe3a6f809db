/**
 * Runs a capability that answers conversations as a command: at a terminal line by line, elsewhere over what standard input
 * holds. Flags come from the contract, as for every command; the conversation is kept here.
 */
import type { Readable } from 'node:stream';
import { TriviumError } from '@trivium/protocol';
import type { Host } from '@trivium/sdk';
import { type Command, shapeOf } from '../command.js';
import { parseCommand } from '../flags.js';
import { commandHelp } from '../help.js';
import { linesIn, wholeIn } from '../lines.js';
import { type LoadSettings, loadSettingsOf, ownFlagsOf, typesOf } from '../own-flags.js';
import { ProgressLine } from '../progress-line.js';
import { type Output, textFor } from '../visible.js';
import { AnswerPrinter } from './answer-printer.js';
import { Conversation } from './conversation.js';
import { ConversationFiles } from './conversation-file.js';
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
  const files = new ConversationFiles();
  const earlier = from === undefined ? undefined : await files.load(from);
  if (to !== undefined) await files.claim(to);
  const host = openHost(loadSettingsOf(own));
  const input = { ...earlier?.input, ...given };
  const conversation = new Conversation({ command, field, input, host });
  if (earlier) conversation.takeUp(earlier.messages);
  const keep = async () => {
    if (to === undefined || conversation.messages.length === 0) return;
    const file = await files.keep(conversation, to);
    if (file !== to) printer.note(`${to} is somebody else's by now; the conversation is saved to ${file}.`);
  };
  try {
    if (typed.isTTY && !own.lines) {
      await greet(host, input.model as string | undefined, notes, signal);
      await talk(conversation, printer, { input: typed, notes, files, interrupt }, signal);
    } else {
      const turns = own.lines ? linesIn(typed, signal) : wholeOf(typed, signal);
      for await (const text of withMessages(turns))
        printer.end(await conversation.turn(text, signal, (step) => printer.step(step)));
    }
  } catch (error) {
    printer.break();
    // What was said until then is kept, whatever ended it.
    await keep().catch((fault) => printer.note(`the conversation is not saved: ${fault.message}`));
    throw error;
  }
  await keep();
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
    const name = textFor(notes, info.name || reference);
    notes.write(`${name}: ${info.contextTokens} tokens of context. /help lists the commands.\n`);
  } finally {
    progress.clear();
  }
}

async function* wholeOf(input: Readable, signal: AbortSignal): AsyncGenerator<string, void, void> {
  yield await wholeIn(input, signal);
}

/** The turns that say something. @throws TriviumError `invalid-argument` where none does */
async function* withMessages(turns: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let count = 0;
  for await (const text of turns) {
    if (text.trim() === '') continue;
    count += 1;
    yield text;
  }
  if (count > 0) return;
  throw new TriviumError('invalid-argument', 'Standard input holds no message.', {
    field: 'messages',
    remedy: 'Pipe one in, or run the command at a terminal.',
  });
}
