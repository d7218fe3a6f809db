/** The signals that ask a process to end: Ctrl-C, a supervisor, and a terminal that was closed. */
import { isatty } from 'node:tty';

// Where nothing is read from a terminal, as under nohup, closing one is to be ignored.
const signals = (): NodeJS.Signals[] => (isatty(0) ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM']);

/** Calls `stop` with each of them. Answers how to end that. */
export function onStopSignals(stop: () => void): () => void {
  const heard = signals();
  for (const signal of heard) process.on(signal, stop);
  return () => {
    for (const signal of heard) process.off(signal, stop);
  };
}
