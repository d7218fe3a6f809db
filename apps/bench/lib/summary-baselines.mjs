/** Baselines: sentences in random order, and LexRank (Erkan and Radev, 2004) over tf-idf cosines. */

export function randomOrder(count, seed) {
  let state = seed * 2654435761 + 12345;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const order = [...Array(count).keys()];
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

export function lexRankOrder(sentences, threshold = 0.1) {
  const bags = sentences.map(({ text }) => bagOf(text));
  const having = new Map();
  for (const bag of bags) for (const word of bag.keys()) having.set(word, (having.get(word) ?? 0) + 1);
  for (const bag of bags) {
    for (const [word, count] of bag) bag.set(word, count * Math.log(bags.length / having.get(word)));
    const length = Math.hypot(...bag.values()) || 1;
    for (const [word, weight] of bag) bag.set(word, weight / length);
  }
  const linked = bags.map((a) => bags.map((b) => (cosine(a, b) > threshold ? 1 : 0)));
  const degrees = linked.map((row) => row.reduce((sum, link) => sum + link, 0));
  let ranks = bags.map(() => 1 / bags.length);
  for (let round = 0; round < 40; round++) {
    const next = ranks.map(() => 0.15 / bags.length);
    linked.forEach((row, i) => {
      row.forEach((link, j) => {
        if (link) next[j] += (0.85 * ranks[i]) / degrees[i];
      });
    });
    ranks = next;
  }
  return [...ranks.keys()].sort((a, b) => ranks[b] - ranks[a]);
}

/** Sentences in the given order until the words are reached, back in source order. */
export function takeWords(sentences, order, words) {
  const chosen = [];
  let total = 0;
  for (const i of order) {
    if (total >= words) break;
    chosen.push(i);
    total += sentences[i].words;
  }
  return chosen.sort((a, b) => a - b).map((i) => sentences[i]);
}

function bagOf(text) {
  const bag = new Map();
  for (const word of text.toLowerCase().match(/[a-z0-9']+/g) ?? []) bag.set(word, (bag.get(word) ?? 0) + 1);
  return bag;
}

function cosine(a, b) {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let sum = 0;
  for (const [word, weight] of small) sum += weight * (large.get(word) ?? 0);
  return sum;
}
