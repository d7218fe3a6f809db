/** The shipped ranker says what PyTorch says: the same tokens and token types of each passage, and the same logits. */
import { readFileSync } from 'node:fs';
import { embedModelFile, rankModelFile, staticModelFile } from '@trivium/nano';
import { getEngine, type NativeModel, type RankInput } from '@trivium/native';
import { describe, expect, it } from 'vitest';
import { matchRanker } from '../../src/documents/passage-ranker.js';

interface Case {
  question: string;
  passages: [above: string, text: string][];
  tokens: number[][];
  types: number[][];
  logits: number[];
}

const file = new URL('../../../nano/test/fixtures/rank-reference.json', import.meta.url);
const { cases }: { cases: Case[] } = JSON.parse(readFileSync(file, 'utf8'));

describe('the ranker of nano', () => {
  it('is a cross-encoder that wants matches', async () => {
    await using model = await getEngine().loadModel(rankModelFile);
    expect(model.info).toMatchObject({ kind: 'cross-encoder', tokenMatches: true });
    await using embedder = await getEngine().loadModel(embedModelFile);
    expect(embedder.info.tokenMatches).toBeUndefined();
  });

  it.each(cases.map((one) => [one.question.slice(0, 30), one] as const))('%s', async (_, one) => {
    await using model = await getEngine().loadModel(rankModelFile);
    await using words = await getEngine().loadModel(staticModelFile);
    const given: RankInput[] = [];
    const watched: NativeModel = {
      ...model,
      rankTokens: (inputs, options) => {
        given.push(...inputs);
        return model.rankTokens(inputs, options);
      },
    };
    const embedder = { width: words.info.width, embedTokens: words.embedTokens };
    const passages = one.passages.map(([above, text]) => ({ above, text }));
    const logits = await matchRanker(watched, embedder).rank(one.question, passages);
    expect(given.map(({ tokens }) => [...tokens])).toEqual(one.tokens);
    expect(given.map(({ types }) => [...types!])).toEqual(one.types);
    for (const [at, logit] of logits.entries()) expect(logit).toBeCloseTo(one.logits[at]!, 1);
  });
});
