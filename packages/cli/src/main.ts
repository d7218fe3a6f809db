/** What the command `trivium` runs: nothing but a surface over the capabilities of the SDK's plugins, and of any other. */
import { TriviumError } from '@trivium/protocol';
import { Host } from '@trivium/sdk';
import { backgroundWord, runInBackground } from './background.js';
import { runChat } from './chat/chat-command.js';
import { type Command, runCommand } from './command.js';
import { completionHelp, completionScript } from './completion.js';
import { doctor, doctorHelp } from './doctor.js';
import { failure } from './failure.js';
import { findCommand, soundPlugins } from './find-command.js';
import { inFlags } from './flags.js';
import { commandList, generalHelp } from './help.js';
import { type LoadSettings, loadSettingNames, loadsModels } from './own-flags.js';
import { onStopSignals } from './stop-signals.js';
import { textFor } from './visible.js';
import { watchOutput } from './watch-output.js';

/** @returns the exit code, as `main` does */
export async function runMain(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  const controller = new AbortController();
  const output = watchOutput(() => controller.abort());
  try {
    const code =
      name === 'serve'
        ? await serve(rest)
        : await interruptible(controller, (interrupt) => run(argv, controller.signal, interrupt));
    return output.exitCode ?? code;
  } catch (error) {
    if (output.exitCode !== undefined) return output.exitCode;
    const { text, code } = failure(error, controller.signal.aborted);
    process.stderr.write(`${textFor(process.stderr, text)}\n`);
    return code;
  }
}

/** Its code, half of all there is to load, is loaded for this command alone. */
async function serve(words: readonly string[]): Promise<number> {
  const { runServe } = await import('./serve/serve-command.js');
  return runServe(words);
}

async function run(argv: readonly string[], signal: AbortSignal, interrupt: () => void): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    await printAll((commands) => generalHelp(commands.map(({ capability }) => capability)));
    return name === undefined ? 2 : 0;
  }
  if (name === 'completion' || name === 'doctor') return runOwn(name, rest);
  if (name === backgroundWord) await runInBackground(signal);
  else await runFound(argv, signal, interrupt);
  return 0;
}

/** Commands that are no capabilities and take at most a word. @throws TriviumError `invalid-argument` for a stray one */
async function runOwn(name: 'completion' | 'doctor', words: readonly string[]): Promise<number> {
  if (words.some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(`${name === 'doctor' ? doctorHelp : completionHelp}\n`);
    return 0;
  }
  const stray = words[name === 'doctor' ? 0 : 1];
  if (stray !== undefined) {
    throw new TriviumError('invalid-argument', `trivium ${name} does not take "${stray}".`, {
      remedy: `trivium ${name} --help tells how it is used.`,
    });
  }
  if (name === 'completion') {
    await printAll((commands) => completionScript(words[0], commands));
    return 0;
  }
  const { text, ok } = doctor();
  process.stdout.write(`${text}\n`);
  return ok ? 0 : 1;
}

async function printAll(textOf: (commands: readonly Command[]) => string): Promise<void> {
  const commands = (await soundPlugins()).flatMap(({ capabilities }) => capabilities) as Command[];
  process.stdout.write(`${textOf(commands)}\n`);
}

async function runFound(argv: readonly string[], signal: AbortSignal, interrupt: () => void): Promise<void> {
  // Which flags load models is known once the command is; the thread of a plugin takes them over with its first call.
  const settings: LoadSettings = {};
  const found = await findCommand(argv, settings);
  const { commands, rest } = found;
  const [command, another] = commands;
  if (!command || another) {
    process.stdout.write(`${commandList(commands.map(({ capability }) => capability))}\n`);
    await found[Symbol.asyncDispose]?.();
    return;
  }
  const { conversation } = command.capability.commandLine ?? {};
  let host: Host | undefined;
  const openHost = (given: LoadSettings) => {
    host = new Host(Object.assign(settings, given));
    return host;
  };
  try {
    await (conversation === undefined
      ? runCommand(command, rest, openHost, signal)
      : runChat(command, conversation, rest, openHost, signal, interrupt));
  } catch (error) {
    throw inFlags(error, command.capability, loadsModels(command.capability) ? loadSettingNames : []);
  } finally {
    await host?.[Symbol.asyncDispose]();
    await found[Symbol.asyncDispose]?.();
  }
}

/** The first Ctrl-C stops cleanly, the second at once. */
async function interruptible(
  controller: AbortController,
  run: (interrupt: () => void) => Promise<number>,
): Promise<number> {
  let interrupted = false;
  const interrupt = () => {
    if (interrupted) process.exit(130);
    interrupted = true;
    controller.abort();
  };
  const ignore = onStopSignals(interrupt);
  try {
    return await run(interrupt);
  } finally {
    ignore();
    // A reading of it that was given up keeps the process from its end.
    process.stdin.destroy();
  }
}
