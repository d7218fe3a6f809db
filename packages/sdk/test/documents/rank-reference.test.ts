/** The shipped ranker says what PyTorch says: the same tokens and token types of each passage, and the same logits. */
import { readFileSync } from 'node:fs';
import { embedModelFile, rankModelFile, staticModelFile } from '@trivium/nano';
import { getEngine, type NativeModel, type RankInput } from '@trivium/native';
import { describe, expect, it } from 'vitest';
import { matchRanker } from '../../src/documents/passage-ranker.js';

interface Case {
  question: string;
  passages: [above: string, spans: string[]][];
  tokens: number[][];
  types: number[][];
  logits: number[];
  /** Of each passage; null where a span has no tokens, fewer where the last ones were cut off. */
  spans: (number | null)[][];
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
      locateTokens: (inputs, options) => {
        given.push(...inputs);
        return model.locateTokens(inputs, options);
      },
    };
    const embedder = { width: words.info.width, embedTokens: words.embedTokens };
    const passages = one.passages.map(([above, spans]) => ({ above, spans }));
    const { scores, spans } = await matchRanker(watched, embedder).rank(one.question, passages);
    expect(given.map(({ tokens }) => [...tokens])).toEqual(one.tokens);
    expect(given.map(({ types }) => [...types!])).toEqual(one.types);
    for (const [at, logit] of scores.entries()) expect(logit).toBeCloseTo(one.logits[at]!, 1);
    for (const [at, row] of spans!.entries()) {
      for (const [span, logit] of row.entries()) {
        const expected = one.spans[at]![span] ?? null;
        if (expected === null) expect(logit).toBeNaN();
        else expect(logit).toBeCloseTo(expected, 1);
      }
    }
  });
});
