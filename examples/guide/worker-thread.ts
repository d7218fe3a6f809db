// #region worker
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { createClient, documents } from '@trivium/sdk';

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  worker.on('message', (place: string) => console.log(place));
  worker.postMessage('How large may a body be?');
} else {
  parentPort?.once('message', async (question: string) => {
    await using client = createClient();
    const { citations } = await client
      .use(documents)
      .ask({ paths: ['./handbook'], question, limit: 1 });
    parentPort?.postMessage(`${citations[0]?.path}:${citations[0]?.line}`);
  });
}
// #endregion worker
