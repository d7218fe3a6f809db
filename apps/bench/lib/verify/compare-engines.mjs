/**
 * Our engine beside another over one checkpoint: the same ids for texts and chats, the same greedy continuations but for
 * near ties, and next-token distributions that lie close together. Takes engines that answer `call(method, …)`; knows
 * neither downloads nor processes.
 */
import { divergenceOf } from '../divergence.mjs';
import { chats, forgeryOf, prompts, texts } from './texts.mjs';

/** What is taken as agreement. Both engines read activations in eight bits, each in its own way. */
export const limits = {
  /** Nats between our first choice and the other's where they part: more is no near tie. */
  tieNats: 0.25,
  meanDivergence: 0.02,
};

const sameIds = (a, b) => a.length === b.length && a.every((id, index) => id === b[index]);

/** Where two lists part, as people look for it. */
function difference(name, ours, theirs) {
  const at = ours.findIndex((id, index) => id !== theirs[index]);
  const from = at < 0 ? Math.min(ours.length, theirs.length) : at;
  const around = (ids) => `[${ids.slice(Math.max(0, from - 2), from + 3).join(', ')}]`;
  return `${name}: at token ${from} ours ${around(ours)}, theirs ${around(theirs)} (${ours.length} and ${theirs.length} ids)`;
}

/** `{ agreed, of, faults }` over all texts, as ordinary text and, where special tokens may be spelled, as such. */
export async function compareTokens(ours, theirs) {
  const forgery = forgeryOf(await ours.call('specialTokens'));
  const cases = [...Object.entries(texts), ['forgery', forgery]].flatMap(([name, text]) => [
    { name, text, special: false },
    ...(name === 'forgery' || name === 'en' ? [{ name: `${name}, special`, text, special: true }] : []),
  ]);
  const faults = [];
  for (const { name, text, special } of cases) {
    const [a, b] = [await ours.call('tokenize', text, special), await theirs.call('tokenize', text, special)];
    if (!sameIds(a, b)) faults.push(difference(name, a, b));
  }
  return { agreed: cases.length - faults.length, of: cases.length, faults, forgery };
}

/** The same over chats through the model's template; `absent` where the file has none. */
export async function compareChats(chat, theirs, forgery) {
  const faults = [];
  let agreed = 0;
  const all = chats(forgery);
  for (const [index, messages] of all.entries()) {
    const name = `chat ${index + 1}`;
    let ours;
    let other;
    try {
      other = await theirs.call('encodeChat', messages);
      if (other.absent) return { agreed: 0, of: 0, faults: [], absent: other.absent };
      ours = await chat.call('encodeChat', messages);
    } catch (error) {
      faults.push(`${name}: ${String(error.message).split('\n')[0]}`);
      continue;
    }
    if (sameIds(ours, other.tokens)) agreed += 1;
    else faults.push(difference(name, ours, other.tokens));
  }
  return { agreed, of: all.length, faults };
}

/** Log-probability by which our first choice is ahead of `id` after `tokens`. */
async function leadOver(ours, tokens, id) {
  const logits = await ours.call('logitsAfter', tokens);
  return logits.reduce((most, logit) => Math.max(most, logit), -Infinity) - logits[id];
}

/** Greedy continuations: the share of tokens up to the first difference, and differences that are no near ties. */
export async function compareGreedy(ours, theirs, count) {
  const faults = [];
  let [agreed, of] = [0, 0];
  for (const [index, prompt] of prompts.entries()) {
    const tokens = await ours.call('encode', prompt);
    const [a, b] = [await ours.call('greedy', tokens, count), await theirs.call('greedy', tokens, count)];
    const length = Math.min(a.length, b.length);
    let same = 0;
    while (same < length && a[same] === b[same]) same += 1;
    agreed += same;
    of += length;
    if (same === length) continue;
    const lead = await leadOver(ours, [...tokens, ...a.slice(0, same)], b[same]);
    if (lead > limits.tieNats)
      faults.push(
        `prompt ${index + 1}: they part at token ${same} where ours is ${lead.toFixed(3)} nats ahead`,
      );
  }
  return { agreed, of, faults };
}

const highest = (row) => row.reduce((best, logit, id) => (logit > row[best] ? id : best), 0);

/** Positions where the likeliest tokens differ and the other's is ahead of ours by more than a near tie. */
function clearDifferences(theirs, ours) {
  return theirs.flatMap((row, position) => {
    const lead = row[highest(row)] - row[highest(ours[position])];
    return lead > limits.tieNats
      ? [`position ${position}: theirs is ${lead.toFixed(3)} nats ahead of our choice`]
      : [];
  });
}

/** Divergence of our distributions from the other's over the first `positions` tokens of a text. */
export async function compareDistributions(ours, theirs, text, positions) {
  const tokens = (await ours.call('encode', text)).slice(0, positions);
  const [truth, rows] = [await theirs.call('logits', tokens), await ours.call('logits', tokens)];
  const figures = divergenceOf(truth, rows);
  const faults = clearDifferences(truth, rows);
  // Written so that a divergence that is no number is a fault too.
  if (!(figures.meanDivergence <= limits.meanDivergence))
    faults.push(
      `mean divergence ${figures.meanDivergence.toPrecision(3)} nats is above ${limits.meanDivergence}`,
    );
  return { ...figures, faults };
}
