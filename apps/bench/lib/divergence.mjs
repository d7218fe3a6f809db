/** How far one next-token distribution is from another, from their logits. */

/** Log-probabilities in double. */
function logSoftmax(logits) {
  let highest = -Infinity;
  for (const logit of logits) highest = Math.max(highest, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - highest);
  const shift = highest + Math.log(sum);
  return Float64Array.from(logits, (logit) => logit - shift);
}

function indexOfHighest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/**
 * Over all positions: mean and greatest Kullback-Leibler divergence KL(truth || other) in nats, and the share of positions
 * where both name the same token first. Also the truth's mean entropy in nats, which says how sharp it was.
 */
export function divergenceOf(truth, other) {
  if (truth.length !== other.length || truth.some((row, i) => row.length !== other[i].length)) {
    throw new Error('the engines do not agree about positions or vocabulary');
  }
  let agreed = 0;
  let entropy = 0;
  const divergences = truth.map((row, position) => {
    const p = logSoftmax(row);
    const q = logSoftmax(other[position]);
    if (indexOfHighest(p) === indexOfHighest(q)) agreed += 1;
    let divergence = 0;
    for (let id = 0; id < p.length; id++) {
      const probability = Math.exp(p[id]);
      divergence += probability * (p[id] - q[id]);
      entropy -= probability * p[id];
    }
    return divergence;
  });
  return {
    meanDivergence: divergences.reduce((sum, value) => sum + value, 0) / divergences.length,
    highestDivergence: Math.max(...divergences),
    topAgreement: agreed / truth.length,
    truthEntropy: entropy / truth.length,
  };
}
