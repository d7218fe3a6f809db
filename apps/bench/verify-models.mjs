/**
 * Real checkpoints against node-llama-cpp: fetched from the Hugging Face Hub by our own downloads and held to a pin, then
 * token ids, chat templates, greedy continuations and next-token distributions are compared. For a machine with a network
 * and some 12 GB of disk; the peer comes by `node apps/bench/setup-peers.mjs`.
 * npm run verify:models [-- --only NAME] [--update] [--download-only] [--table FILE] [--lock FILE] [--positions 64] [--greedy 32]
 * --update: forget the pins and take what the hub has today. Exit codes: 0 all agree, 1 something does not, 2 nothing could be verified.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createClient, models } from '@trivium/sdk';
import { benchFolder, report } from './lib/data.mjs';
import { nodeLlamaCpp } from './lib/peers.mjs';
import { holdTo, pinOf, readLock, readTable, referenceOf, writeLock } from './lib/verify/pinned-models.mjs';
import { verifyModel } from './lib/verify/verify-model.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    update: { type: 'boolean', default: false },
    'download-only': { type: 'boolean', default: false },
    table: { type: 'string', default: path.join(benchFolder, 'verify-models.json') },
    lock: { type: 'string', default: path.join(benchFolder, 'verify-models.lock.json') },
    positions: { type: 'string', default: '64' },
    greedy: { type: 'string', default: '32' },
  },
});

function giveUp(sentence) {
  console.error(sentence);
  process.exit(2);
}

function countOf(flag) {
  const count = Number(values[flag]);
  if (Number.isInteger(count) && count >= 1) return count;
  return giveUp(`--${flag} takes a whole number from 1, not "${values[flag]}"`);
}

const [positions, greedyTokens] = [countOf('positions'), countOf('greedy')];
const table = readTable(values.table);
const unknown = values.only?.find((name) => !table.some((model) => model.name === name));
if (unknown) giveUp(`there is no model "${unknown}": ${table.map(({ name }) => name).join(', ')}`);
const chosen = table.filter(({ name }) => values.only?.includes(name) ?? true);
const peer = nodeLlamaCpp();
if (peer.absent && !values['download-only']) giveUp(peer.absent);

/** Fetches a model and holds it to its pin, which is written down at once: an interrupted run has not run for nothing. */
async function fetchPinned(client, model, lock) {
  const pin = pinOf(model, lock, values.update);
  const pulled = await client.use(models).pull({ model: referenceOf(pin) });
  const held = holdTo(pin, pulled);
  if (held.pin) {
    lock[model.name] = held.pin;
    writeLock(values.lock, lock);
  }
  return { path: pulled.path, ...held };
}

const isAbsentNetwork = ({ code }) => code === 'network' || code === 'offline';
const rows = [];
const faults = {};
const client = createClient();
const lock = readLock(values.lock);
let reached = false;

async function verdictOf(model) {
  console.error(`${model.name}: ${model.why ?? model.repo}`);
  const { path: file, pin, fault } = await fetchPinned(client, model, lock);
  reached = true;
  if (fault) return { faults: [fault] };
  const size = { megabytes: Math.round(pin.bytes / 1e6) };
  if (values['download-only']) return { figures: size, faults: [] };
  const { checks, faults: found } = await verifyModel({ file, peer, greedyTokens, positions });
  const { tokens, template, greedy, distributions } = checks;
  const of = ({ agreed, of: all, absent }) => (absent ? 'none' : `${agreed}/${all}`);
  return {
    figures: {
      ...size,
      tokens: of(tokens),
      template: of(template),
      greedy: of(greedy),
      meanDivergence: Number(distributions.meanDivergence.toPrecision(3)),
      highestDivergence: Number(distributions.highestDivergence.toPrecision(3)),
      topAgreement: Number(distributions.topAgreement.toPrecision(3)),
    },
    faults: found,
  };
}

for (const model of chosen) {
  let verdict;
  try {
    verdict = await verdictOf(model);
  } catch (error) {
    if (isAbsentNetwork(error) && !reached)
      giveUp(`The hub cannot be reached, so no checkpoint was verified: ${error.message}`);
    // A child process sends its whole stack; the first line says what failed.
    const [message] = error.message.split('\n');
    verdict = { faults: [`${message} (${error.code ?? 'failed'})`] };
  }
  rows.push({ name: model.name, ...verdict.figures, agrees: verdict.faults.length === 0 });
  if (verdict.faults.length > 0) faults[model.name] = verdict.faults;
}
await client[Symbol.asyncDispose]();
for (const [name, sentences] of Object.entries(faults))
  for (const sentence of sentences) console.log(`${name}: ${sentence}`);
report('Checkpoints beside node-llama-cpp', rows, {
  peer: peer.absent ?? `node-llama-cpp ${peer.version}`,
  positions,
  greedyTokens,
  faults,
});
process.exitCode = Object.keys(faults).length > 0 ? 1 : 0;
