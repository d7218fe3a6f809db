/**
 * A conversation at a terminal: a line is a message, a line that begins with "/" is a command. Ctrl-C stops the answer that
 * is being written; a second one, or one at the prompt, leaves. Knows no model.
 */
import { createInterface, type Interface } from 'node:readline';
import { failure } from '../failure.js';
import { type Output, textFor } from '../visible.js';
import type { AnswerPrinter } from './answer-printer.js';
import type { Conversation } from './conversation.js';
import type { ConversationFiles } from './conversation-file.js';

export interface Terminal {
  input: NodeJS.ReadableStream;
  /** Where the prompt stands. */
  notes: NodeJS.WritableStream & Output;
  /** What /save and /load work on. */
  files: ConversationFiles;
  /** Ends the process's work as Ctrl-C does elsewhere: the signal of the call aborts. */
  interrupt: () => void;
}

const commands = [
  '/exit          leave (also Ctrl-D)',
  '/reset         forget the conversation',
  '/save [FILE]   write it to a new file: JSON where it ends in .json, Markdown otherwise; without FILE to the last one',
  '/load FILE     go on with a conversation that was saved as JSON; the model and its settings stay',
  '/help          this text',
  'Ctrl-C stops an answer; at the prompt it leaves.',
].join('\n');

/** Lines as they are typed; those that come while nobody waits are kept. */
class Lines {
  readonly #typed: string[] = [];
  /** Nobody types any more. */
  ended = false;
  #wake: (() => void) | undefined;

  constructor(terminal: Interface, input: NodeJS.ReadableStream) {
    terminal.on('line', (line) => {
      this.#typed.push(line);
      this.#wake?.();
    });
    const end = () => {
      this.ended = true;
      this.#wake?.();
    };
    terminal.on('close', end);
    // A terminal whose window was closed cannot be read any more, nor told how to behave.
    terminal.on('error', end);
    input.on('error', end);
  }

  /** The next line; `undefined` after the last. */
  async next(): Promise<string | undefined> {
    while (this.#typed.length === 0 && !this.ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#typed.shift();
  }
}

/** @throws the abort reason of `signal` */
export async function talk(
  conversation: Conversation,
  printer: AnswerPrinter,
  { input, notes, files, interrupt }: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const terminal = createInterface({ input, output: notes, prompt: '> ', terminal: notes.isTTY === true });
  const lines = new Lines(terminal, input);
  const close = () => terminal.close();
  signal.addEventListener('abort', close, { once: true });
  let answering: AbortController | undefined;
  terminal.on('SIGINT', () => {
    if (!answering || answering.signal.aborted) interrupt();
    else answering.abort();
  });
  try {
    for (;;) {
      if (!lines.ended) terminal.prompt();
      const line = await lines.next();
      if (line === undefined || line.trim() === '/exit') break;
      if (line.trim() === '') continue;
      if (line.startsWith('/')) await obey(line.trim(), conversation, files, notes);
      else {
        answering = new AbortController();
        await answer(line, conversation, printer, AbortSignal.any([signal, answering.signal]), signal);
        answering = undefined;
      }
    }
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', close);
    terminal.close();
  }
}

/** One turn; what goes wrong with it is said, and the conversation goes on. */
async function answer(
  text: string,
  conversation: Conversation,
  printer: AnswerPrinter,
  turn: AbortSignal,
  signal: AbortSignal,
): Promise<void> {
  const before = conversation.messages.length;
  try {
    printer.end(await conversation.turn(text, turn, (step) => printer.step(step)));
  } catch (error) {
    printer.break();
    signal.throwIfAborted();
    if (!turn.aborted) printer.note(failure(error, false).text.replace(/^trivium: /, ''));
    const kept = conversation.messages.length > before;
    printer.note(
      kept ? 'stopped; what was written stays in the conversation.' : 'stopped; your message is taken back.',
    );
  }
}

async function obey(
  line: string,
  conversation: Conversation,
  files: ConversationFiles,
  notes: Output,
): Promise<void> {
  const [, name = '', given = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
  const file = given || (name === '/save' ? (files.last ?? '') : '');
  if (name === '/reset') {
    conversation.forget();
    files.last = undefined;
    notes.write('The conversation is forgotten.\n');
  } else if ((name === '/save' || name === '/load') && file !== '') {
    try {
      notes.write(`${await (name === '/save' ? saved : loaded)(conversation, files, file)}\n`);
    } catch (error) {
      notes.write(`${textFor(notes, failure(error, false).text)}\n`);
    }
  } else if (name === '/help') notes.write(`${commands}\n`);
  else {
    const said = ['/save', '/load'].includes(name) ? `${name} wants a file.` : `There is no command ${name}.`;
    notes.write(`${said}\n${commands}\nA message that begins with "/" is typed with a blank before it.\n`);
  }
}

const saved = async (conversation: Conversation, files: ConversationFiles, file: string) =>
  `Saved ${await files.save(conversation, file)} messages to ${file}.`;

async function loaded(conversation: Conversation, files: ConversationFiles, file: string): Promise<string> {
  const { messages } = await files.load(file);
  conversation.takeUp(messages);
  return `Going on with ${messages.length} messages of ${file}.`;
}
