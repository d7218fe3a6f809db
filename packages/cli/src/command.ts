/**
 * Runs one capability as a command: input from flags, lines from standard input where texts are wanted, data to standard
 * output, everything else to standard error.
 */
import { type AnyCapability, type Implementation, invoke, TriviumError } from '@trivium/protocol';
import { type Host, pathFields, type TriviumContext } from '@trivium/sdk';
import { startInBackground } from './background.js';
import { parseCommand, requireFlags } from './flags.js';
import { commandHelp } from './help.js';
import { batchesOf, linesOf } from './lines.js';
import { type LoadSettings, loadSettingsOf, ownFlagsOf, typesOf } from './own-flags.js';
import { ProgressLine } from './progress-line.js';
import { jsonLine, type Output, textFor } from './visible.js';

export type Command = Implementation<AnyCapability, TriviumContext>;

/** The inputs of a call, as they come: several where the command line stands for several calls. */
async function* inputsOf(
  capability: AnyCapability,
  input: Record<string, unknown>,
  queries: unknown,
  signal: AbortSignal,
): AsyncGenerator<Record<string, unknown>, void, void> {
  const { standardInput } = capability.commandLine ?? {};
  if (typeof queries === 'string') {
    if (input.query !== undefined) {
      throw new TriviumError('invalid-argument', 'The query is either --query or a line of --queries.', {
        field: '--queries',
        remedy: 'Give one of them.',
      });
    }
    if (queries === '-')
      refuseStandardInput(
        capability,
        input,
        'Queries and documents cannot both be standard input.',
        '--queries',
      );
    requireFlags(capability, { ...input, query: '' });
    for await (const query of linesOf(queries, signal)) if (query.trim() !== '') yield { ...input, query };
  } else if (standardInput !== undefined && input[standardInput] === undefined) {
    requireFlags(capability, { ...input, [standardInput]: [] });
    for await (const texts of batchesOf('-', mostTexts, signal)) yield { ...input, [standardInput]: texts };
  } else {
    requireFlags(capability, input);
    yield input;
  }
}

/** Texts that one call takes of standard input at most. */
const mostTexts = 256;

/** One line an item for the commands that map lines to lines; one for the whole output otherwise. */
function jsonLines({ commandLine }: AnyCapability, output: unknown): string[] {
  const items = (output as Record<string, unknown> | null)?.[commandLine?.lines ?? ''];
  return (Array.isArray(items) ? items : [output]).map(jsonLine);
}

/**
 * @param openHost what the call runs on, loading models as its flags say; not asked for where only help is wanted
 * @throws TriviumError of the call, and the one that its output tells of (`failure`), once that is printed
 */
export async function runCommand(
  implementation: Command,
  argv: readonly string[],
  openHost: (settings: LoadSettings) => Host,
  signal: AbortSignal,
  out: Output = process.stdout,
  notes: Output = process.stderr,
): Promise<void> {
  const { capability } = implementation;
  const own = ownFlagsOf(capability);
  const parsed = parseCommand(capability, argv, typesOf(own));
  if (parsed.own.help) {
    out.write(`${commandHelp(capability, own)}\n`);
    return;
  }
  const settings = loadSettingsOf(parsed.own);
  if (parsed.own.job) {
    // A job outlives the command, and with it what is piped in.
    refuseStandardInput(capability, parsed.input, 'A job cannot read standard input ("-").', '--job');
    for await (const input of inputsOf(capability, parsed.input, parsed.own.queries, signal))
      out.write(`${await startInBackground(capability, input, settings)}\n`);
    return;
  }
  const host = openHost(settings);
  const progress = new ProgressLine();
  const shape = shapeOf(capability, parsed.own);
  // Several calls of one command meet the same documents.
  const warned = new Set<string>();
  try {
    for await (const input of inputsOf(capability, parsed.input, parsed.own.queries, signal)) {
      let streamed = false;
      let isTold = false;
      const output = await invoke(implementation, input as never, host.context(signal), (step) => {
        const { type, text, message, path } = (step ?? {}) as Record<
          'type' | 'text' | 'message' | 'path',
          string | undefined
        >;
        progress.update((step ?? {}) as never);
        isTold = type !== undefined && type === capability.commandLine?.outputEvent;
        if (shape === 'events') out.write(jsonLine(step));
        else if (type === 'warning' && message !== undefined) {
          const warning = `${path ? `${path}: ` : ''}${message}`;
          if (warned.has(warning)) return;
          warned.add(warning);
          progress.clear();
          notes.write(`trivium: ${textFor(notes, warning)}\n`);
        } else if (shape === 'text' && type === 'text-delta' && text !== undefined) {
          // Drafts are replaced by the output: only pieces of the output itself are printed as they come.
          if (capability.commandLine?.deltas === 'drafts') return;
          progress.clear();
          streamed = true;
          out.write(textFor(out, text));
        }
      });
      progress.clear();
      if (shape === 'events') {
        if (!isTold) out.write(jsonLine({ type: 'output', output }));
      } else if (shape === 'json') for (const line of jsonLines(capability, output)) out.write(line);
      else {
        const text = streamed ? `\n${afterText(capability, output)}` : `${capability.readable?.(output)}\n`;
        out.write(textFor(out, text));
      }
      const fault = capability.failure?.(output);
      if (fault) throw new TriviumError(fault.code, fault.message, fault);
    }
  } finally {
    progress.clear();
  }
}

/** @throws TriviumError `invalid-argument` where a path of the input is "-" */
function refuseStandardInput(
  capability: AnyCapability,
  input: Record<string, unknown>,
  message: string,
  field: '--job' | '--queries',
): void {
  const reads = pathFields(capability).some((path) => [input[path.field]].flat().includes('-'));
  if (!reads) return;
  throw new TriviumError('invalid-argument', message, {
    field,
    remedy: `Write the text to a file and name that, or leave out ${field}.`,
  });
}

/** What goes to standard output: events that say everything, data alone, or text for people. */
export function shapeOf(capability: AnyCapability, own: Record<string, unknown>): 'events' | 'json' | 'text' {
  if (own.events === true && own.json === true) {
    throw new TriviumError('invalid-argument', 'The output is either --events or --json.', {
      field: '--events',
      remedy: 'Give one of them.',
    });
  }
  if (own.events === true) return 'events';
  return own.json === true || !capability.readable ? 'json' : 'text';
}

/** What remains to be said when the text itself has already been streamed. */
function afterText(capability: AnyCapability, output: unknown): string {
  const whole = capability.readable?.(output) ?? '';
  const { text = '' } = (output ?? {}) as { text?: string };
  const rest = whole.startsWith(text.trim()) ? whole.slice(text.trim().length).trim() : whole;
  return rest === '' ? '' : `\n${rest}\n`;
}
