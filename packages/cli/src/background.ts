/**
 * A job in a process of its own: this one starts it, hears its id, and leaves. The child is the same command with the call
 * on its channel instead of its flags, so that nothing of it can be read in a list of processes.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type AnyCapability, type SerializedError, TriviumError } from '@trivium/protocol';
import { Host, type TriviumContext } from '@trivium/sdk';
import { findCommand } from './find-command.js';
import type { LoadSettings } from './own-flags.js';

/** What the child is given in place of a command. */
export const backgroundWord = '--background-job';

interface Call {
  plugin: string;
  capability: string;
  input: unknown;
  settings: LoadSettings;
}

type Reply = { id: string } | { error: SerializedError };

/** @returns the job's id, once its log is on disk. @throws TriviumError as the start of the job */
export function startInBackground(
  capability: AnyCapability,
  input: unknown,
  settings: LoadSettings,
): Promise<string> {
  const bin = fileURLToPath(new URL('../bin/trivium.mjs', import.meta.url));
  // `inherit` would keep a pipe of ours open for as long as the job runs.
  const child = fork(bin, [backgroundWord], { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new TriviumError('internal', `The process of the job ended at once (${code}).`)),
    );
    child.once('message', (reply: Reply) => {
      child.removeAllListeners('exit');
      child.disconnect();
      child.unref();
      if ('id' in reply) return resolve(reply.id);
      const { code, message, ...details } = reply.error;
      reject(new TriviumError(code, message, details));
    });
    child.send({ plugin: capability.plugin, capability: capability.name, input, settings } satisfies Call);
  });
}

/** The child's side: runs until its job has ended. */
export async function runInBackground(signal: AbortSignal): Promise<void> {
  const { plugin, capability, input, settings } = await new Promise<Call>((resolve, reject) => {
    if (!process.send) {
      reject(new TriviumError('invalid-argument', `${backgroundWord} is for trivium itself: give --job.`));
      return;
    }
    process.once('message', resolve);
  });
  const reply = (answer: Reply) =>
    new Promise<void>((sent) => process.send?.(answer, undefined, undefined, () => sent()));
  await using host = new Host(settings);
  try {
    await using found = {
      [Symbol.asyncDispose]: async () => {},
      ...(await findCommand([plugin, capability], settings)),
    };
    const makeContext = (signal: AbortSignal): TriviumContext => host.context(signal);
    const [command] = found.commands;
    const { id } = await host.jobs.start(command!, input as never, makeContext);
    await reply({ id });
    signal.addEventListener('abort', () => void host.jobs.cancel(id).catch(() => {}));
    const watching = host.jobs.watch(id);
    while (!(await watching.next()).done);
  } catch (error) {
    if (process.connected) await reply({ error: TriviumError.from(error).toJSON() });
  }
}
