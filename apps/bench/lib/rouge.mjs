/** ROUGE-1 and -2 (F) without stemming, best of several references: fast, for learning weights only. */

const tokens = (text) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

export const prepareReference = (text) => {
  const words = tokens(text);
  return { words, unigrams: counts(words), bigrams: counts(bigramsOf(words)) };
};

/** [R1, R2] in percent, each the best over the references. */
export function rouge(text, references) {
  const own = prepareReference(text);
  const scores = references.map((reference) => [
    overlap(own.unigrams, reference.unigrams, own.words.length, reference.words.length),
    overlap(own.bigrams, reference.bigrams, own.words.length - 1, reference.words.length - 1),
  ]);
  return [0, 1].map((metric) => 100 * Math.max(...scores.map((score) => score[metric])));
}

export const geometricMean = (values) =>
  values.reduce((product, value) => product * value, 1) ** (1 / values.length);

const bigramsOf = (words) => words.slice(1).map((word, i) => `${words[i]} ${word}`);

function counts(items) {
  const found = new Map();
  for (const item of items) found.set(item, (found.get(item) ?? 0) + 1);
  return found;
}

function overlap(a, b, totalA, totalB) {
  let shared = 0;
  for (const [item, count] of a) shared += Math.min(count, b.get(item) ?? 0);
  return fMeasure(shared, totalA, totalB);
}

const fMeasure = (shared, a, b) => (shared > 0 ? (2 * shared) / (a + b) : 0);
