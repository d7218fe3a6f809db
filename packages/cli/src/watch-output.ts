/**
 * A reader that has seen enough (`| head`) is no failure, any other end of standard output is. `stop` is called rather than
 * the process ended: its threads are at work.
 */
export function watchOutput(stop: () => void): { readonly exitCode: 0 | 1 | undefined } {
  const output: { exitCode: 0 | 1 | undefined } = { exitCode: undefined };
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (output.exitCode !== undefined) return;
    output.exitCode = code === 'EPIPE' ? 0 : 1;
    process.exitCode = output.exitCode;
    if (output.exitCode === 1)
      process.stderr.write(`trivium: Standard output cannot be written: ${message.replace(/\.$/, '')}.\n`);
    stop();
  });
  return output;
}
