/** An engine in a process of its own, told what to do by messages. Knows nothing of what is measured. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('./engines/child.mjs', import.meta.url));

/**
 * Starts the engine `name` ("trivium", "node-llama-cpp") with `settings`, `environment` beside ours.
 * Resolves to `{ name, facts, call(method, ...values), close() }`; a call rejects when the engine throws or its process ends.
 */
export async function startEngine(name, settings, environment = {}) {
  const process_ = fork(child, { env: { ...process.env, ...environment }, serialization: 'advanced' });
  const waiting = new Map();
  let calls = 0;
  let ended = false;
  process_.on('message', ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(`${name}: ${error}`));
    else resolve(value);
  });
  process_.on('exit', (code, signal) => {
    ended = true;
    for (const { reject } of waiting.values()) reject(new Error(`${name} ended (${signal ?? code})`));
    waiting.clear();
  });
  process_.on('error', (error) => {
    for (const { reject } of waiting.values()) reject(error);
  });
  const call = (method, ...values) =>
    new Promise((resolve, reject) => {
      if (ended) {
        reject(new Error(`${name} has ended`));
        return;
      }
      const id = calls++;
      waiting.set(id, { resolve, reject });
      process_.send({ id, call: method, values });
    });
  const close = async () => {
    if (ended) return;
    const exit = new Promise((resolve) => process_.once('exit', resolve));
    await call('dispose').catch(() => {});
    process_.kill();
    await exit;
  };
  try {
    return { name, facts: await call('open', name, settings), call, close };
  } catch (error) {
    process_.kill();
    throw error;
  }
}
