/** One checkpoint, from its file to a verdict: starts the engines, each in a process of its own, and compares them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { benchFolder } from '../data.mjs';
import { startEngine } from '../engine-process.mjs';
import { compareChats, compareDistributions, compareGreedy, compareTokens } from './compare-engines.mjs';

const contextTokens = 1024;
/** A text that stays as it is. */
const prose = () => readFileSync(path.resolve(benchFolder, '../../LICENSE'), 'utf8');

/**
 * Resolves to `{ checks, faults }`: figures of each check, and a sentence for each thing that does not agree. One model is
 * in memory twice at most.
 */
export async function verifyModel({ file, peer, greedyTokens, positions }) {
  const started = [];
  const start = async (name, settings) => {
    const engine = await startEngine(name, { file, contextTokens, ...settings });
    started.push(engine);
    return engine;
  };
  try {
    const ours = await start('trivium', {});
    const theirs = await start('node-llama-cpp', { threads: ours.facts.threads, entry: peer.entry });
    const { forgery, ...tokens } = await compareTokens(ours, theirs);
    const greedy = await compareGreedy(ours, theirs, greedyTokens);
    const distributions = await compareDistributions(ours, theirs, prose(), positions);
    await ours.close();
    const chat = await start('trivium-chat', {});
    const template = await compareChats(chat, theirs, forgery);
    const checks = { tokens, greedy, distributions, template };
    return { checks, faults: Object.values(checks).flatMap(({ faults }) => faults) };
  } finally {
    for (const engine of started) await engine.close();
  }
}
