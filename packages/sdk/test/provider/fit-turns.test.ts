import { describe, expect, test } from 'vitest';
import { fitTurns } from '../../src/provider/fit-turns.js';

interface Message {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
}

/** One token a character. */
const encode = async (messages: readonly Message[]) => ({
  tokens: messages.map(({ content }) => content).join(''),
});
const fit = async (messages: readonly Message[], roomTokens: number, shareKept = 1) => {
  const { messages: kept, dropped, encoded } = await fitTurns(messages, encode, { roomTokens, shareKept });
  expect(encoded).toEqual(await encode(kept));
  return { kept, dropped, tokens: encoded.tokens.length };
};
const message = (role: Message['role'], length: number): Message => ({ role, content: 'x'.repeat(length) });
const turns = (number: number) =>
  Array.from({ length: number }, () => [message('user', 10), message('assistant', 10)]).flat();
const system = message('system', 5);

describe('turns that fit', () => {
  test('all of them, up to the last token of the room', async () => {
    const messages = [...turns(3), message('user', 10)];
    expect(await fit(messages, 70, 0.75)).toEqual({ kept: messages, dropped: 0, tokens: 70 });
  });

  test('turns leave whole and the oldest first, system messages stay, of the room a share is filled', async () => {
    const messages = [system, ...turns(5), message('user', 10)];
    const tail = [system, ...turns(3), message('user', 10)];
    expect(await fit(messages, 100, 0.75)).toEqual({ kept: tail, dropped: 4, tokens: 75 });
    const longer = [system, ...turns(4), message('user', 10)];
    expect(await fit(messages, 100)).toEqual({ kept: longer, dropped: 2, tokens: 95 });
  });

  test('what stands before the first question leaves before it', async () => {
    const rest = [...turns(1), message('user', 10)];
    expect((await fit([message('assistant', 50), ...rest], 60)).kept).toEqual(rest);
  });

  test('of the last turn rounds of tools leave, the oldest first: the question stays, and so does the last one', async () => {
    const round = [message('assistant', 5), message('tool', 20), message('tool', 20)];
    const question = [system, message('user', 10)];
    const messages = [system, ...turns(2), message('user', 10), ...round, ...round, ...round];
    expect((await fit(messages, 150)).kept).toEqual([...question, ...round, ...round, ...round]);
    expect((await fit(messages, 110)).kept).toEqual([...question, ...round, ...round]);
    const fewest = [...question, ...round];
    for (const room of [100, 60, 50])
      expect(await fit(messages, room)).toMatchObject({ kept: fewest, tokens: 60 });
  });

  test('where nothing may leave, all of it is given back', async () => {
    for (const messages of [[], [system], [message('user', 90)], [system, message('assistant', 9)]])
      expect(await fit(messages, 1)).toMatchObject({ kept: messages, dropped: 0 });
  });

  test('of every conversation the longest tail that fits is kept, and few are encoded', async () => {
    for (let number = 1; number < 12; number++)
      for (let room = 10; room < 260; room += 7)
        for (const share of [0.75, 1]) {
          const messages = [...turns(number), message('user', 10)];
          let encoded = 0;
          const counted: typeof encode = (kept) => {
            encoded += 1;
            return encode(kept);
          };
          const fitted = await fitTurns(messages, counted, { roomTokens: room, shareKept: share });
          const { messages: kept, dropped } = fitted;
          expect(kept).toEqual(messages.slice(dropped));
          expect(fitted.encoded.tokens.length).toBeLessThanOrEqual(room);
          expect(encoded).toBeLessThanOrEqual(2 + Math.ceil(Math.log2(number)));
          if (dropped === 0) continue;
          const more = await encode(messages.slice(dropped - 2));
          expect(more.tokens.length).toBeGreaterThan(room * share);
        }
  });

  test('an abort ends it between two encodings', async () => {
    const control = new AbortController();
    const reason = new Error('enough');
    let encoded = 0;
    const aborting: typeof encode = (messages) => {
      if (++encoded === 2) control.abort(reason);
      return encode(messages);
    };
    const { signal } = control;
    await expect(fitTurns(turns(99), aborting, { roomTokens: 9, signal })).rejects.toBe(reason);
    expect(encoded).toBe(2);
  });
});
