/**
 * Runs one capability as a command: input from flags, lines from standard input where texts are wanted, data to standard
 * output, everything else to standard error.
 */
import { type AnyCapability, type Implementation, invoke, TriviumError } from '@trivium/protocol';
import { type Host, pathFields, type TriviumContext } from '@trivium/sdk';
import { startInBackground } from './background.js';
import { flagsOf, parseCommand, requireFlags } from './flags.js';
import { commandHelp } from './help.js';
import { linesOf } from './lines.js';
import { type LoadSettings, loadSettingsOf, ownFlagsOf, typesOf } from './own-flags.js';
import { ProgressLine } from './progress-line.js';

export type Command = Implementation<AnyCapability, TriviumContext>;

interface Output {
  write(text: string): void;
}

/** The model that is set for all calls, where a call has to name one and names none. */
function withModel(capability: AnyCapability, input: Record<string, unknown>): Record<string, unknown> {
  const { TRIVIUM_MODEL: model } = process.env;
  const isWanted = flagsOf(capability).some(({ field, required }) => field === 'model' && required);
  return isWanted && model ? { model, ...input } : input;
}

/** The inputs of a call: several where the command line stands for several calls. */
async function inputsOf(
  capability: AnyCapability,
  given: Record<string, unknown>,
  queries: unknown,
  signal: AbortSignal,
): Promise<Record<string, unknown>[]> {
  const input = withModel(capability, given);
  if (typeof queries === 'string') {
    requireFlags(capability, { ...input, query: '' });
    const asked = (await linesOf(queries, signal)).filter((query) => query.trim() !== '');
    return asked.map((query) => ({ ...input, query }));
  }
  const wantsTexts = 'texts' in ((capability.input as { shape?: object }).shape ?? {});
  if (wantsTexts && input.texts === undefined) {
    requireFlags(capability, { ...input, texts: [] });
    const texts = await linesOf('-', signal);
    // Bounded calls, so that a long input streams through in bounded memory.
    const batches: Record<string, unknown>[] = [];
    for (let at = 0; at < texts.length; at += 256)
      batches.push({ ...input, texts: texts.slice(at, at + 256) });
    return batches;
  }
  requireFlags(capability, input);
  return [input];
}

/** One line a text for the commands that map lines to lines; one object otherwise. */
function jsonLines(output: unknown): string[] {
  const { embeddings, tokens, text } = output as {
    embeddings?: unknown[];
    tokens?: unknown[];
    text?: string;
  };
  const perLine =
    text === undefined ? (embeddings ?? (Array.isArray(tokens) ? tokens : undefined)) : undefined;
  return (perLine ?? [output]).map((value) => JSON.stringify(value));
}

/** @param openHost what the call runs on, loading models as its flags say; not asked for where only help is wanted */
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
    refuseStandardInput(capability, parsed.input);
    for (const input of await inputsOf(capability, parsed.input, parsed.own.queries, signal))
      out.write(`${await startInBackground(capability, input, settings)}\n`);
    return;
  }
  const host = openHost(settings);
  const progress = new ProgressLine();
  const shape = shapeOf(capability, parsed.own);
  try {
    for (const input of await inputsOf(capability, parsed.input, parsed.own.queries, signal)) {
      let streamed = false;
      let finished = false;
      const output = await invoke(implementation, input as never, host.context(signal), (step) => {
        const { type, text, message, path } = step as Record<
          'type' | 'text' | 'message' | 'path',
          string | undefined
        >;
        progress.update(step as never);
        finished = type === 'finish';
        if (shape === 'events') out.write(`${JSON.stringify(step)}\n`);
        else if (type === 'warning') {
          progress.clear();
          notes.write(`trivium: ${path ? `${path}: ` : ''}${message}\n`);
        } else if (shape === 'text' && type === 'text-delta' && text !== undefined) {
          // Drafts are replaced by the output: only pieces of the output itself are printed as they come.
          if (capability.commandLine?.deltas === 'drafts') return;
          progress.clear();
          streamed = true;
          out.write(text);
        }
      });
      progress.clear();
      if (shape === 'events') {
        if (!finished) out.write(`${JSON.stringify({ type: 'output', output })}\n`);
      } else if (shape === 'json') for (const line of jsonLines(output)) out.write(`${line}\n`);
      else out.write(streamed ? `\n${afterText(capability, output)}` : `${capability.readable?.(output)}\n`);
    }
  } finally {
    progress.clear();
  }
}

/** A job outlives the command, and with it what is piped in. @throws TriviumError `invalid-argument` */
function refuseStandardInput(capability: AnyCapability, input: Record<string, unknown>): void {
  const reads = pathFields(capability).some(({ field }) => [input[field]].flat().includes('-'));
  if (!reads) return;
  throw new TriviumError('invalid-argument', 'A job cannot read standard input ("-").', {
    field: '--job',
    remedy: 'Write the text to a file and name that, or leave out --job.',
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
  const { text = '' } = output as { text?: string };
  const rest = whole.startsWith(text.trim()) ? whole.slice(text.trim().length).trim() : whole;
  return rest === '' ? '' : `\n${rest}\n`;
}

/** An error as a person reads it, and its exit code. */
export function failure(error: unknown, interrupted: boolean): { text: string; code: number } {
  if (interrupted) return { text: 'Interrupted.', code: 130 };
  const known = TriviumError.from(error);
  const details = [
    known.file && `  file: ${known.file}`,
    known.field && `  field: ${known.field}`,
    known.expected && `  expected: ${known.expected}`,
    known.found && `  found: ${known.found}`,
    known.remedy && `  remedy: ${known.remedy}`,
  ].filter(Boolean);
  return {
    text: [`trivium: ${known.message} (${known.code})`, ...details].join('\n'),
    code: known.code === 'invalid-argument' ? 2 : 1,
  };
}
