// The server under load, in a process of its own: `nano` behind the whole of `serve`. Answers its parent's questions about
// its memory, its calls and the engine; `engine` asks the engine without the server.
import { getEngine } from '@trivium/native';
import { Host } from '@trivium/sdk';
import { FileStreamStore, serve } from '@trivium/sdk/server';
import { settledMemory } from '../still-memory.mjs';
import { engineRound } from './first-tokens.mjs';

const [folder, port] = process.argv.slice(2);
const host = new Host({ hub: { offline: true }, maxSequences: 64, maxQueue: 256 });
const server = await serve({
  host,
  port: Number(port),
  // The models of the bench lie elsewhere.
  root: '/',
  model: 'nano',
  streamStore: new FileStreamStore({ folder }),
});
const answers = {
  memory: () => settledMemory(),
  state: () => ({ ...server.handler.calls, sequences: getEngine().stats().liveSequences }),
  engine: ({ model, clients, round }) => engineRound(model, clients, round),
};
process.on('message', async ({ ask, ...given }) => process.send({ ask, answer: await answers[ask](given) }));
process.send({ ask: 'url', answer: server.url });
