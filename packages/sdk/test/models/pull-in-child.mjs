// Pulls in a process of its own, so that a test can kill it. Arguments: endpoint, cache folder, reference.
import { createClient, models } from '@trivium/sdk';

const [endpoint, cacheDir, reference] = process.argv.slice(2);
const client = createClient({
  hub: { endpoint, huggingFaceCacheDir: `${cacheDir}/hf`, offline: false },
  cacheDir,
});
const onProgress = ({ bytes }) => process.stdout.write(`${bytes}\n`);
const { path } = await client.use(models).pull({ model: reference }, { onProgress });
process.stdout.write(`${path}\n`);
await client[Symbol.asyncDispose]();
