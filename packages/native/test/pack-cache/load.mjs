/**
 * Loads FILE with the pack cache FOLDER in a process of its own and prints how its weights came and a hash of its logits. Stays
 * until the folder has N whole files (`packs=N`), or ends by `exit` or `SIGTERM` once one is begun, and says whether that was
 * still half written. Judges nothing.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { getEngine } from '../../dist/index.js';

const [file, folder, until] = process.argv.slice(2);
const names = () => (existsSync(folder) ? readdirSync(folder) : []);
const packs = () => names().filter((name) => name.endsWith('.pack'));
const model = await getEngine().loadModel(file, { packCache: folder });
const print = (more) => writeSync(1, JSON.stringify({ packed: model.info.packed, ...more }));

if (until === 'exit' || until === 'SIGTERM') {
  while (names().length === 0) await wait(1);
  print({ caught: packs().length === 0 });
  if (until === 'exit') process.exit(0);
  process.kill(process.pid, until);
  await wait(60_000); // the signal comes first
}

const logits = await model.logits([1, 5, 9, 2, 30, 7]);
while (packs().length < Number(until.slice('packs='.length))) await wait(10);
print({ backend: model.info.backend, logits: createHash('sha256').update(logits).digest('hex') });
// No disposal: a process that ends takes the writer with it.
