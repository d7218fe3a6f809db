/**
 * Loads FILE with the pack cache FOLDER in a process of its own and prints how its weights came and a hash of its logits. With
 * `written` it stays until the folder has a whole file. Judges nothing.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { getEngine } from '../../dist/index.js';

const [file, folder, until] = process.argv.slice(2);
const model = await getEngine().loadModel(file, { packCache: folder });
const logits = await model.logits([1, 5, 9, 2, 30, 7]);
const isWritten = () => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.pack'));
while (until === 'written' && !isWritten()) await new Promise((resolve) => setTimeout(resolve, 10));
process.stdout.write(
  JSON.stringify({
    packed: model.info.packed,
    backend: model.info.backend,
    logits: createHash('sha256').update(logits).digest('hex'),
  }),
);
// No disposal: a process that ends takes the writer with it.
