/** The command `trivium`: nothing but a surface over the capabilities of the SDK's plugins. */
import { documents, Host, models } from '@trivium/sdk';
import { runChat } from './chat/chat-command.js';
import { type Command, failure, runCommand } from './command.js';
import { doctor } from './doctor.js';
import { generalHelp } from './help.js';

const commands: readonly Command[] = [...documents.capabilities, ...models.capabilities];

/** @returns the exit code: 0 done, 1 failed, 2 wrong call, 130 interrupted */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(`${generalHelp(commands.map(({ capability }) => capability))}\n`);
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (name === 'doctor') {
    const { text, ok } = doctor();
    process.stdout.write(`${text}\n`);
    return ok ? 0 : 1;
  }
  const command = commands.find(({ capability }) => capability.name === name);
  if (!command) {
    process.stderr.write(
      `trivium: there is no command "${name}".\n  remedy: trivium help lists the commands.\n`,
    );
    return 2;
  }
  const { conversation } = command.capability.commandLine ?? {};
  return interruptible((signal, host, interrupt) =>
    conversation === undefined
      ? runCommand(command, rest, host, signal)
      : runChat(command, conversation, rest, host, signal, interrupt),
  );
}

/** Runs with a host that is disposed of at the end; the first Ctrl-C stops cleanly, the second at once. */
async function interruptible(
  run: (signal: AbortSignal, host: Host, interrupt: () => void) => Promise<void>,
): Promise<number> {
  const controller = new AbortController();
  let interrupted = false;
  const interrupt = () => {
    if (interrupted) process.exit(130);
    interrupted = true;
    controller.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const host = new Host();
  try {
    await run(controller.signal, host, interrupt);
    return 0;
  } catch (error) {
    const { text, code } = failure(error, interrupted);
    process.stderr.write(`${text}\n`);
    return code;
  } finally {
    await host[Symbol.asyncDispose]();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

declare const VERSION: string;
