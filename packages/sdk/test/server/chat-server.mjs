// A server of its own process that keeps its streams in the folder it is given, for tests that kill it.
import { Host } from '../../dist/index.js';
import { FileStreamStore, serve } from '../../dist/server/index.js';
import { scriptedModel } from '../../dist/testing/index.js';

const [folder] = process.argv.slice(2);
const { url } = await serve({
  host: new Host(),
  port: 0,
  model: 'slow',
  models: {
    slow: scriptedModel(['word '.repeat(20_000).trim()], { wordDelayMs: 1, specification: 'v3' }),
    quick: scriptedModel(['The answer is 42.'], { specification: 'v3' }),
  },
  streamStore: new FileStreamStore({ folder }),
});
console.log(url);
