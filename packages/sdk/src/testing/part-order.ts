/**
 * What must hold of the parts of any language model's stream, and how they compare with a whole answer: blocks that open,
 * go on and close, tool calls behind their input, one end. Reads parts of V3 and V4; calls no model.
 */
export type Part = { type: string; [key: string]: unknown };

export function expect(condition: unknown, found: string): asserts condition {
  if (!condition) throw new Error(found);
}

interface ToolInput {
  toolName: unknown;
  encoding: unknown;
  text: string;
  ended: boolean;
  called: boolean;
}

/** @throws Error that says which rule is broken */
export function checkPartOrder(parts: readonly Part[]): void {
  expect(parts[0]?.type === 'stream-start', `the first part is "${parts[0]?.type}", not "stream-start"`);
  expect(Array.isArray(parts[0].warnings), '"stream-start" carries no warnings array');
  const finishes = parts.filter(({ type }) => type === 'finish').length;
  expect(finishes === 1, `${finishes} "finish" parts instead of one`);
  expect(parts.at(-1)?.type === 'finish', `the last part is "${parts.at(-1)?.type}", not "finish"`);
  checkBlocks(parts);
  checkToolCalls(parts);
}

function checkBlocks(parts: readonly Part[]): void {
  const open = new Set<string>();
  for (const part of parts) {
    const [, kind, step] = /^(text|reasoning|tool-input)-(start|delta|end)$/.exec(part.type) ?? [];
    if (!kind) continue;
    const block = `${kind} block ${part.id}`;
    if (step === 'start') {
      expect(!open.has(block), `${block} is opened twice`);
      open.add(block);
    }
    if (step === 'delta') {
      expect(open.has(block), `a delta of ${block}, which is not open`);
      expect(typeof part.delta === 'string', `a delta of ${block} is no string`);
    }
    if (step === 'end') expect(open.delete(block), `${block} ends but is not open`);
  }
  expect(open.size === 0, `blocks left open: ${[...open].join(', ')}`);
}

function checkToolCalls(parts: readonly Part[]): void {
  const inputs = new Map<unknown, ToolInput>();
  const calls = new Set<unknown>();
  for (const part of parts) {
    if (part.type === 'tool-input-start') {
      expect(!inputs.has(part.id), `two tool inputs have the id ${part.id}`);
      const { toolName, inputEncoding: encoding } = part;
      inputs.set(part.id, { toolName, encoding, text: '', ended: false, called: false });
    }
    const input = inputs.get(part.id);
    if (input && part.type === 'tool-input-delta') input.text += part.delta;
    if (input && part.type === 'tool-input-end') input.ended = true;
    if (part.type !== 'tool-call') continue;
    expect(!calls.has(part.toolCallId), `two tool calls have the id ${part.toolCallId}`);
    calls.add(part.toolCallId);
    checkToolCall(part, inputs.get(part.toolCallId));
  }
  const { finishReason } = (parts.at(-1) ?? {}) as { finishReason?: { unified?: string } };
  const whole = finishReason?.unified === 'stop' || finishReason?.unified === 'tool-calls';
  for (const [id, { called }] of inputs)
    expect(called || !whole, `tool input ${id} is followed by no tool call, though the answer is whole`);
  expect(
    finishReason?.unified !== 'tool-calls' || calls.size > 0,
    'the answer ends for its tool calls, but has none',
  );
}

function checkToolCall({ toolCallId, toolName, input }: Part, streamed: ToolInput | undefined): void {
  expect(typeof toolCallId === 'string' && toolCallId !== '', 'a tool call has no id');
  expect(typeof toolName === 'string', `tool call ${toolCallId} has no tool name`);
  expect(
    typeof input === 'string',
    `the input of tool call ${toolCallId} is ${typeof input}, not its JSON text`,
  );
  if (!streamed) return;
  streamed.called = true;
  expect(streamed.ended, `tool call ${toolCallId} comes before its input has ended`);
  expect(
    streamed.toolName === toolName,
    `tool call ${toolCallId} is of "${toolName}", its input was of "${streamed.toolName}"`,
  );
  if (streamed.text === '') return;
  const given = streamed.encoding === 'text' ? parsed(input) : canonical(input);
  const joined = streamed.encoding === 'text' ? streamed.text : canonical(streamed.text);
  expect(given === joined, `the deltas of tool call ${toolCallId} join to ${joined}, its input is ${given}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** JSON without its white space; anything else as it is. */
function canonical(text: string): string {
  const value = parsed(text);
  return value === text ? text : JSON.stringify(value);
}

/** What the parts of a stream, or the content of a whole answer, say, without ids and borders. */
export function answerOf(parts: readonly Part[]): {
  text: string;
  reasoning: string;
  toolCalls: { toolName: unknown; input: unknown }[];
} {
  const join = (kind: string) =>
    parts.flatMap((part) =>
      part.type === kind ? part.text : part.type === `${kind}-delta` ? part.delta : [],
    );
  return {
    text: join('text').join(''),
    reasoning: join('reasoning').join(''),
    toolCalls: parts
      .filter(({ type }) => type === 'tool-call')
      .map(({ toolName, input }) => ({ toolName, input })),
  };
}
