/**
 * Bounds what one answer puts into a client's context. Text that is too long is cut and says so; data that is too long cannot
 * be cut, for it would no longer fit its schema, and is an error with a remedy.
 */
import { TriviumError } from '@trivium/protocol';
import { type ContentBlock, textBlock } from './content.js';
import type { McpSurface, ToolAnswer } from './surface.js';

const defaultOutputBytes = 4 * 2 ** 20;
const defaultTextCharacters = 100_000;

/** @throws TriviumError `too-large` when the structured content or the binary content is too large */
export function capAnswer(answer: ToolAnswer, limits: McpSurface['limits'] = {}): ToolAnswer {
  const { outputBytes = defaultOutputBytes, textCharacters = defaultTextCharacters } = limits;
  const { text, rest } = split(answer.content);
  const weighed = JSON.stringify([answer.structured, rest]);
  if (Buffer.byteLength(weighed) > outputBytes) {
    throw new TriviumError('too-large', 'The answer is larger than this server hands out at once.', {
      found: `${Buffer.byteLength(weighed)} bytes`,
      expected: `at most ${outputBytes} bytes`,
      remedy:
        'Ask for less (limit, words, fewer paths or texts), or start the server with --max-output-bytes.',
    });
  }
  const characters = text.reduce((sum, block) => sum + block.text.length, 0);
  if (characters <= textCharacters) return answer;
  return { ...answer, content: answer.content.map(cutter(textCharacters, answer.structured !== undefined)) };
}

type TextBlock = Extract<ContentBlock, { type: 'text' }>;

function split(content: readonly ContentBlock[]) {
  const text = content.filter((block): block is TextBlock => block.type === 'text');
  return { text, rest: content.filter(({ type }) => type !== 'text') };
}

function cutter(room: number, isWholeElsewhere: boolean): (block: ContentBlock) => ContentBlock {
  let left = room;
  return (block) => {
    if (block.type !== 'text') return block;
    const { text } = block;
    if (text.length <= left) {
      left -= text.length;
      return block;
    }
    // No half of a pair of surrogates.
    const end = left > 0 && /[\ud800-\udbff]/.test(text[left - 1]!) ? left - 1 : left;
    left = 0;
    const where = isWholeElsewhere ? 'structuredContent has all of it' : 'ask for less to see all of it';
    return textBlock(
      `${text.slice(0, end)}\n[Cut: ${end} of ${text.length} characters are shown; ${where}.]`,
    );
  };
}
