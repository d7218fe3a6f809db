import type { ChatMessage } from '@trivium/protocol';
import { describe, expect, test } from 'vitest';
import { fitTurns } from '../../src/host/fit-turns.js';

/** One token a character. */
const count = async (messages: readonly ChatMessage[]) =>
  messages.reduce((sum, { content }) => sum + content.length, 0);
const message = (role: ChatMessage['role'], length: number): ChatMessage => ({
  role,
  content: 'x'.repeat(length),
});
const turns = (number: number) =>
  Array.from({ length: number }, () => [message('user', 10), message('assistant', 10)]).flat();

describe('turns that fit', () => {
  test('all of them, up to the last token of the room', async () => {
    const messages = [...turns(3), message('user', 10)];
    expect(await fitTurns(messages, 70, count)).toEqual({ messages, dropped: 0 });
  });

  test('turns leave whole and the oldest first, system messages stay, a quarter of the room stays free', async () => {
    const system = message('system', 5);
    const messages = [system, ...turns(5), message('user', 10)];
    const fitted = await fitTurns(messages, 100, count);
    // 5 + 3 turns of 20 + 10 = 75.
    expect(fitted).toEqual({ messages: [system, ...turns(3), message('user', 10)], dropped: 4 });
  });

  test('what stands before the first question leaves with it', async () => {
    const messages = [message('assistant', 50), ...turns(1), message('user', 10)];
    expect((await fitTurns(messages, 60, count)).messages).toEqual([message('user', 10)]);
  });

  test('the last message is kept whole or refused, never cut', async () => {
    const messages = [...turns(2), message('user', 90)];
    expect(await fitTurns(messages, 100, count)).toEqual({ messages: [message('user', 90)], dropped: 4 });
    await expect(fitTurns(messages, 80, count)).rejects.toMatchObject({
      code: 'context-overflow',
      expected: 'at most 80 tokens',
      found: '90 tokens',
    });
    await expect(fitTurns([message('user', 90)], 80, count)).rejects.toMatchObject({
      code: 'context-overflow',
    });
  });

  test('of every conversation the longest tail that fits is kept', async () => {
    for (let number = 1; number < 12; number++)
      for (let room = 10; room < 260; room += 7) {
        const messages = [...turns(number), message('user', 10)];
        const { messages: kept, dropped } = await fitTurns(messages, room, count);
        expect(kept).toEqual(messages.slice(dropped));
        expect(await count(kept)).toBeLessThanOrEqual(room);
        if (dropped === 0) continue;
        const more = await count(messages.slice(dropped - 2));
        expect(more).toBeGreaterThan(room * 0.75);
      }
  });
});
