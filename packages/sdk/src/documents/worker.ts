/** The worker thread of a library: calls in, results out. Everything it does is in `library-core.ts`. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { TriviumError } from '@trivium/protocol/errors';
import { LibraryCore } from './library-core.js';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-protocol.js';

const port = parentPort!;
const core = new LibraryCore(workerData as WorkerSettings, (file) => readFileSync(file));
const running = new Map<number, AbortController>();
/** What goes on once the last part of a call was taken. */
const waiting = new Map<number, () => void>();
/** Characters in one part of a long list. */
const partCharacters = 200_000;
/** Milliseconds between two notices of progress. */
const progressEvery = 20;

const send = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

port.on('message', (message: ToWorker) => {
  if (message.call === 'cancel') return running.get(message.id)?.abort();
  if (message.call === 'taken') return waiting.get(message.id)?.();
  const controller = new AbortController();
  running.set(message.id, controller);
  answer(message, controller.signal)
    .catch((error: unknown) => {
      if (controller.signal.aborted) send({ id: message.id, type: 'cancelled' });
      else send({ id: message.id, type: 'error', error: TriviumError.from(error).toJSON() });
    })
    .finally(() => running.delete(message.id));
});

async function answer(
  message: Exclude<ToWorker, { call: 'cancel' | 'taken' }>,
  signal: AbortSignal,
): Promise<void> {
  const { id } = message;
  const result = (output: unknown, transfer: ArrayBuffer[] = []) =>
    send({ id, type: 'result', output }, transfer);
  switch (message.call) {
    case 'read':
      return result(await read(id, message.input, signal));
    case 'search': {
      const { query, ...options } = message.input;
      const onWarning = (message: string) => send({ id, type: 'warning', message });
      return result(await core.search(query, { ...options, signal, onWarning }));
    }
    case 'passages':
      await sendPassages(id);
      return result(null);
    case 'document': {
      const document = core.document(message.input.path);
      const pages = document.pages && Int32Array.from(document.pages);
      const runs = document.runs && Int32Array.from(document.runs);
      const transfer = [pages, runs].flatMap((array) => (array ? [array.buffer as ArrayBuffer] : []));
      return result({ ...document, ...(pages && { pages }), ...(runs && { runs }) }, transfer);
    }
    case 'paths':
      return result(core.paths());
    case 'dispose':
      await core.dispose();
      result(null);
      port.close();
  }
}

function read(
  id: number,
  input: { paths: readonly string[]; watch: boolean; stdin?: Uint8Array },
  signal: AbortSignal,
) {
  let last = 0;
  return core.read(input.paths, {
    signal,
    watch: input.watch,
    ...(input.stdin && { stdin: input.stdin }),
    onProgress: (progress) => {
      if (progress.done < progress.total && Date.now() - last < progressEvery) return;
      last = Date.now();
      send({ id, type: 'progress', progress });
    },
    onChange: (report) => send({ id, type: 'change', report }),
  });
}

async function sendPassages(id: number): Promise<void> {
  let items: unknown[] = [];
  let characters = 0;
  for (const passage of core.passages()) {
    items.push(passage);
    characters += passage.text.length;
    if (characters < partCharacters) continue;
    send({ id, type: 'part', items });
    await new Promise<void>((resolve) => waiting.set(id, resolve));
    items = [];
    characters = 0;
  }
  waiting.delete(id);
  send({ id, type: 'part', items });
}
