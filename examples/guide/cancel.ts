import { createClient, documents } from '@trivium/sdk';

await using client = createClient();
const docs = client.use(documents);
const input = { paths: ['./handbook'], question: 'How do I stop a stream?' };

// #region cancel
const running = docs.ask(input);
running.cancel();
await running.then(undefined, (error) => console.log(error.code));
// #endregion cancel

// #region signal
const signal = AbortSignal.timeout(30_000);
const { mode } = await docs.ask(input, { signal });
console.log(mode);
// #endregion signal
