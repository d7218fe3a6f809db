/**
 * Runs what a file brought along (a chat template) for a bounded time: its loops would otherwise hold the event loop for as
 * long as their author liked. Nothing is sandboxed: the work is ours, its data are the file's.
 */
import { createContext, Script } from 'node:vm';

const sandbox = createContext({}) as { work?: () => void };
const script = new Script('work()');

export const isTimeout = (error: unknown) =>
  (error as { code?: string } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

/** What `work` returns or throws. @throws an error for which `isTimeout` holds when it takes longer */
export function within<T>(limitMs: number, work: () => T): T {
  let result: T;
  sandbox.work = () => {
    result = work();
  };
  try {
    script.runInContext(sandbox, { timeout: limitMs });
    return result!;
  } finally {
    delete sandbox.work;
  }
}
