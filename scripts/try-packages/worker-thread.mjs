import { isMainThread, Worker } from 'node:worker_threads';

// Both threads use the engine at once; the worker's is gone before the main thread's.
async function ask() {
  const { createClient, documents } = await import('@trivium/sdk');
  const client = createClient();
  const answer = await client
    .use(documents)
    .ask({ paths: ['tea.md'], question: 'How long is green tea steeped?' });
  await client[Symbol.asyncDispose]();
  return answer.citations[0].text;
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { stdout: false });
  const ended = new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', resolve);
  });
  const [code] = await Promise.all([ended, ask()]);
  if (code !== 0) throw new Error(`the worker ended with ${code}`);
} else {
  console.log(await ask());
}
