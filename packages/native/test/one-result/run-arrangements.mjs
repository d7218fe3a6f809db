/**
 * Runs requests in a process of its own, in the arrangements it is told on standard input, and prints what each request
 * wrote: ids, text, the log-probabilities of every token and a hash of the logits of its prompt. Judges nothing.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getEngine } from '../../dist/index.js';

const { file, activationBits, requests, neighbours, prompts, arrangements } = JSON.parse(
  readFileSync(0, 'utf8'),
);
const engine = getEngine();

/** What a request writes. `abortAt`: its signal is raised at this many tokens, at 0 as soon as its prompt moves. */
async function write(model, { abortAt, ...options }, controller = new AbortController()) {
  const written = { ids: [], text: '', scores: [], finish: undefined };
  const endings = { inputTokens: options.tokens.length, cachedTokens: 0, cancelled: false };
  try {
    for await (const event of model.generate({ ...options, signal: controller.signal })) {
      if (event.type === 'token') {
        written.ids.push(event.id);
        written.text += event.text;
        written.scores.push(event.logprob, ...event.topLogprobs.flatMap(({ id, logprob }) => [id, logprob]));
      }
      if (event.type === 'finish') {
        written.finish = event.reason;
        endings.cachedTokens = event.usage.cachedTokens;
      }
      if (abortAt !== undefined && written.ids.length >= abortAt) controller.abort();
    }
  } catch (error) {
    if (error.name !== 'AbortError') throw error;
    endings.cancelled = true;
  }
  return { written, endings };
}

async function logitsHash(model, tokens) {
  return createHash('sha256')
    .update(await model.logits(tokens))
    .digest('hex');
}

async function withModel(load, use) {
  const model = await engine.loadModel(file, { ...load, activationBits });
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

/** Each in a model of its own: nobody beside it, nothing reused. */
async function alone(load) {
  const outcomes = [];
  for (const request of requests) {
    const outcome = await withModel(load, (model) => write(model, request));
    outcome.written.logits = await withModel(load, (model) => logitsHash(model, request.tokens));
    outcomes.push(outcome);
  }
  return { outcomes, beside: [] };
}

/** One after the other in one model: each finds the pages of those before it. */
async function inTurn(model) {
  const outcomes = [];
  for (const request of requests) {
    const outcome = await write(model, request);
    outcome.written.logits = await logitsHash(model, request.tokens);
    outcomes.push(outcome);
  }
  return { outcomes, beside: [] };
}

/** All in one turn of the event loop, every second one of the others in front. */
async function together(model, others) {
  const beside = others.filter((_, index) => index % 2 === 0).map((other) => write(model, other));
  const mine = requests.map(async (request) => {
    const [outcome, logits] = await Promise.all([write(model, request), logitsHash(model, request.tokens)]);
    outcome.written.logits = logits;
    return outcome;
  });
  beside.push(...others.filter((_, index) => index % 2 === 1).map((other) => write(model, other)));
  return { outcomes: await Promise.all(mine), beside: await Promise.all(beside) };
}

/** Long prompts that are all given up at once, in the middle of a step that is theirs for the most part; then others. */
async function giveUpSteps(model, waves) {
  const ended = [];
  for (let wave = 0; wave < waves; wave++) {
    const controller = new AbortController();
    // No wave finds the pages of the one before it.
    const running = prompts.map((tokens) =>
      write(model, { tokens: [wave, ...tokens], maxTokens: 1, logprobs: 4, stopTokens: [] }, controller),
    );
    await new Promise((resolve) => setTimeout(resolve, 1 + ((wave * 3) % 8)));
    controller.abort();
    ended.push(...(await Promise.all(running)));
  }
  return ended;
}

async function arranged({ threads, load = {}, order, others = 0, waves = 0, again = false }) {
  await engine.setThreads(threads);
  if (order === 'alone') return summed(await alone(load));
  return withModel(load, async (model) => {
    const once = async () => {
      if (order === 'in turn') return inTurn(model);
      const [{ outcomes, beside }, given] = await Promise.all([
        together(model, neighbours.slice(0, others)),
        giveUpSteps(model, waves),
      ]);
      return { outcomes, beside: [...beside, ...given] };
    };
    if (again) await once();
    const before = engine.stats().prefilledTokens;
    const ended = await once();
    return { ...summed(ended), prefilledTokens: engine.stats().prefilledTokens - before };
  });
}

function summed({ outcomes, beside }) {
  const endings = [...outcomes, ...beside].map((outcome) => outcome.endings);
  return {
    written: outcomes.map(({ written }) => written),
    cachedTokens: outcomes.reduce((sum, outcome) => sum + outcome.endings.cachedTokens, 0),
    cancelled: endings.filter(({ cancelled }) => cancelled).length,
    newTokens: endings.reduce((sum, { inputTokens, cachedTokens }) => sum + inputTokens - cachedTokens, 0),
  };
}

try {
  const runs = {};
  for (const { name, ...arrangement } of arrangements) runs[name] = await arranged(arrangement);
  const { liveSequences } = engine.stats();
  process.stdout.write(JSON.stringify({ backend: engine.backend.name, liveSequences, runs }));
} catch (error) {
  const { code, field, found } = error;
  if (code !== 'unsupported') throw error;
  process.stdout.write(JSON.stringify({ refusal: { code, field, found } }));
}
