/**
 * The server under load: 64 streams at once whose clients read, vanish, resume and cancel; then the server is killed and
 * started again while streams run. Nothing may be stuck, memory must stay flat, what is resumed must begin with the bytes that
 * were seen. Then the first token through the whole server beside the engine's own, 16 clients at once.
 * node apps/bench/serving.mjs [--minutes 0.3] [--streams 64] [--rounds 12] [--first-token-models nano,FILE]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { report } from './lib/data.mjs';
import { behaviours } from './lib/serving/clients.mjs';
import { serverRound } from './lib/serving/first-tokens.mjs';
import { randomFrom } from './lib/short-requests.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '0.3' },
    streams: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '12' },
    'first-token-models': { type: 'string', default: 'nano' },
  },
});
const [minutes, streams, rounds] = [Number(values.minutes), Number(values.streams), Number(values.rounds)];
const folder = mkdtempSync(path.join(tmpdir(), 'trivium-serving-'));
const random = randomFrom(5);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const faults = [];
const counts = Object.fromEntries(Object.keys(behaviours).map((name) => [name, 0]));

async function start(port = 0) {
  const child = fork(
    fileURLToPath(new URL('lib/serving/server.mjs', import.meta.url)),
    [folder, String(port)],
    {
      execArgv: [
        '--expose-gc',
        '--single-threaded-gc',
        '--max-semi-space-size=1',
        '--compact-on-every-full-gc',
      ],
      env: { ...process.env, MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' },
    },
  );
  const [{ answer: url }] = await once(child, 'message');
  const ask = async (question, given = {}) => {
    child.send({ ask: question, ...given });
    const [{ answer }] = await once(child, 'message');
    return answer;
  };
  return { child, url, ask };
}

let chats = 0;
async function client(url, isOver) {
  const names = Object.keys(behaviours);
  while (!isOver()) {
    const name = names[Math.floor(random() * names.length)];
    const words = `Tell me about number ${Math.floor(random() * 1000)}.`;
    try {
      const fault = await behaviours[name]({ url, words, random, id: `chat-${chats++}` });
      counts[name] += 1;
      if (fault) faults.push(`${name}: ${fault}`);
    } catch (error) {
      faults.push(`${name}: ${error.message} ${error.cause?.message ?? ''}`);
    }
  }
}

async function load(server, ms) {
  const end = performance.now() + ms;
  await Promise.all(Array.from({ length: streams }, () => client(server.url, () => performance.now() > end)));
}

/** What still runs a while after the last client has gone. */
async function leftOver(server) {
  let state;
  for (let turn = 0; turn < 500; turn++) {
    state = await server.ask('state');
    if (state.running + state.waiting + state.sequences === 0) break;
    await pause(20);
  }
  return state;
}

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const figures = (name, found) => {
  const sorted = found.sort((a, b) => a - b);
  const mean = sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length;
  const round = (ms) => Math.round(ms * 10) / 10;
  return {
    name,
    calls: sorted.length,
    meanMs: round(mean),
    p50Ms: round(quantile(sorted, 0.5)),
    p99Ms: round(quantile(sorted, 0.99)),
  };
};

try {
  let server = await start();
  await load(server, Math.min(10_000, minutes * 20_000)); // until caches and arenas are as large as they get
  await leftOver(server);
  const before = await server.ask('memory');
  await load(server, minutes * 60_000);
  const state = await leftOver(server);
  const after = await server.ask('memory');
  report(
    `${streams} streams for ${minutes} minutes: ${Object.values(counts).reduce((a, b) => a + b, 0)} calls`,
    [
      { name: 'memory before, MB', ...before },
      { name: 'memory after, MB', ...after },
    ],
    { counts, faults: faults.length, leftOver: state },
  );

  // Killed while streams run; the next server, on the same port, replays what was seen and ends it.
  const port = Number(new URL(server.url).port);
  const seen = Array.from({ length: 8 }, () => '');
  const isWhole = (text) => text.endsWith('data: [DONE]\n\n');
  const running = seen.map(async (_, index) => {
    const body = {
      id: `killed-${index}`,
      maxOutputTokens: 2000,
      messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: `Count from ${index}.` }] }],
    };
    try {
      const response = await fetch(`${server.url}/api/chat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      for await (const bytes of response.body) seen[index] += Buffer.from(bytes).toString('latin1');
    } catch {
      // The server was killed.
    }
  });
  while (!seen.every((text) => text.length > 1000)) await pause(5);
  server.child.kill('SIGKILL');
  await Promise.all(running);
  server = await start(port);
  const resumed = await Promise.all(
    seen.map(async (_, index) => {
      const response = await fetch(`${server.url}/api/chat/killed-${index}/stream`);
      return response.status === 204 ? '' : Buffer.from(await response.arrayBuffer()).toString('latin1');
    }),
  );
  const cut = seen.filter((text) => !isWhole(text));
  for (const [index, text] of resumed.entries()) {
    if (isWhole(seen[index])) continue;
    if (!text.startsWith(seen[index])) faults.push(`killed-${index}: the replay differs from what was seen`);
    if (!isWhole(text)) faults.push(`killed-${index}: the replay does not end`);
  }
  report('killed and started again', [
    { name: 'streams', running: seen.length, cut: cut.length, replayed: resumed.filter(Boolean).length },
  ]);

  for (const model of values['first-token-models'].split(',')) {
    const [engine, through] = [[], []];
    // In turn, so that what else the machine does falls on both; the first round warms up.
    for (let round = -1; round < rounds; round++) {
      const alone = await server.ask('engine', { model, clients: 16, round: 2 * round });
      const served = await serverRound(server.url, model, 16, 2 * round + 1);
      if (round < 0) continue;
      engine.push(...alone);
      through.push(...served);
    }
    const rows = [figures('engine', engine), figures('server', through)];
    report(`first token, 16 clients, ${path.basename(model)}`, rows, {
      ratio: Math.round((rows[1].meanMs / rows[0].meanMs) * 1000) / 1000,
    });
  }
  server.child.kill('SIGTERM');
  await once(server.child, 'exit');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const fault of faults.slice(0, 20)) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
