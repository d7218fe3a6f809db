/**
 * Prefill and decode of engines side by side: in every round each engine does the same measure over the same ids while
 * the others idle, and the order turns from round to round, so that what else the machine does meets them alike. Knows
 * neither what an engine is nor how it is limited.
 */
export const decodedTokens = 64;
/** Until the threads of the engine before have parked. */
const idleMs = 50;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ids of whole words, other ones in each round: a cached prompt would cost nothing. */
export function promptOf(round, promptTokens, vocabularySize) {
  const first = 300;
  let state = round + 1;
  return Array.from({ length: promptTokens }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return first + Math.floor((state / 2 ** 32) * (vocabularySize - first));
  });
}

/** What `--rounds` says; ends the process where that is no whole number from 1. */
export function roundsOf(value) {
  const rounds = Number(value);
  if (Number.isInteger(rounds) && rounds >= 1) return rounds;
  console.error(`--rounds takes a whole number from 1, not "${value}"`);
  process.exit(1);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Tokens a second of each engine in each round: `{ prefill: { [name]: number[] }, decode: … }`. */
export async function measureRounds(engines, { rounds, promptTokens, vocabularySize }) {
  const speeds = { prefill: {}, decode: {} };
  for (const { name } of engines) {
    speeds.prefill[name] = [];
    speeds.decode[name] = [];
  }
  // Round -1 warms up and does not count.
  for (let round = -1; round < rounds; round++) {
    const prompt = promptOf(round + 1, promptTokens, vocabularySize);
    const order = round % 2 === 0 ? engines : [...engines].reverse();
    for (const measure of ['prefill', 'decode']) {
      for (const engine of order) {
        await pause(idleMs);
        const { tokens, ms } = await engine.call(measure, prompt, decodedTokens);
        if (round >= 0) speeds[measure][engine.name].push((1000 * tokens) / ms);
      }
    }
  }
  return speeds;
}

/** Median, lowest and highest of the ratios of each round: what paired rounds say, whatever the machine did meanwhile. */
export function pairedRatios(ours, theirs) {
  const ratios = ours.map((speed, round) => speed / theirs[round]);
  return { ratio: median(ratios), lowestRatio: Math.min(...ratios), highestRatio: Math.max(...ratios) };
}
