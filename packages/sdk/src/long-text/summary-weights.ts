/** One weight a feature; learned on SQuALITY's training stories by `apps/bench/learn-summary-weights.mjs`. */
import type { FeatureName } from './summary-features.js';

export interface SummaryWeights {
  features: Partial<Record<FeatureName, number>>;
  /** How much likeness to what is already chosen costs. */
  redundancy: number;
}

export const plainWeights: SummaryWeights = {
  features: {
    length: 1.8,
    position: 0.4,
    lead: 0.9,
    tail: 1.8,
    centrality: 0.5,
    frequency: 0.5,
    names: 4,
    dialogue: -0.4,
    person: -1.3,
    question: 0.2,
  },
  redundancy: 3.4,
};

export const queryWeights: SummaryWeights = {
  features: {
    length: 1,
    centrality: 0.1,
    names: 0.5,
    dialogue: -0.3,
    person: -0.4,
    question: -0.4,
    querySimilarity: 0.8,
    queryTerms: 1,
    querySurroundings: 0.3,
    queryTermsNearby: 0.3,
  },
  redundancy: 1,
};
