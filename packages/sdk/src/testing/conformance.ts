/**
 * A conformance suite that any AI SDK language model (V3 or V4) can run, under any test runner: a list of named checks,
 * each of which rejects with what it found. It needs a model that answers a short prompt with at least two tokens.
 */
import type { CallOptions } from '../provider/specification.js';

/** What the suite needs of a model; every V3 and V4 language model has it. */
export interface ConformanceSubject {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  // biome-ignore lint/suspicious/noExplicitAny: models of several specification versions
  doGenerate(options: any): PromiseLike<any>;
  // biome-ignore lint/suspicious/noExplicitAny: models of several specification versions
  doStream(options: any): PromiseLike<{ stream: ReadableStream<any> }>;
}

export interface ConformanceCheck {
  name: string;
  run(): Promise<void>;
}

type Part = { type: string; [key: string]: unknown };

const prompt = (text: string): CallOptions['prompt'] => [{ role: 'user', content: [{ type: 'text', text }] }];

function expect(condition: unknown, found: string): asserts condition {
  if (!condition) throw new Error(found);
}

async function collect(model: ConformanceSubject, options: CallOptions): Promise<Part[]> {
  const { stream } = await model.doStream(options);
  const parts: Part[] = [];
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return parts;
    parts.push(value as Part);
  }
}

const text = (parts: Part[]) =>
  parts
    .filter(({ type }) => type === 'text-delta')
    .map(({ delta }) => delta)
    .join('');

async function partOrder(model: ConformanceSubject): Promise<void> {
  const parts = await collect(model, { prompt: prompt('Say hello.'), maxOutputTokens: 16 });
  expect(parts[0]?.type === 'stream-start', `the first part is "${parts[0]?.type}", not "stream-start"`);
  expect(Array.isArray(parts[0].warnings), '"stream-start" carries no warnings array');
  const finishes = parts.filter(({ type }) => type === 'finish').length;
  expect(finishes === 1, `${finishes} "finish" parts instead of one`);
  expect(parts.at(-1)?.type === 'finish', `the last part is "${parts.at(-1)?.type}", not "finish"`);
  const open = new Set<unknown>();
  for (const { type, id } of parts) {
    if (/^(text|reasoning|tool-input)-start$/.test(type)) {
      expect(!open.has(id), `block ${id} is opened twice`);
      open.add(id);
    }
    if (/^(text|reasoning|tool-input)-delta$/.test(type))
      expect(open.has(id), `a delta of block ${id}, which is not open`);
    if (/^(text|reasoning|tool-input)-end$/.test(type))
      expect(open.delete(id), `block ${id} ends but is not open`);
  }
  expect(open.size === 0, `blocks left open: ${[...open].join(', ')}`);
}

async function usageSums(model: ConformanceSubject): Promise<void> {
  const parts = await collect(model, { prompt: prompt('Say hello.'), maxOutputTokens: 8 });
  const { inputTokens, outputTokens } = (parts.at(-1)?.usage ?? {}) as Record<
    string,
    Record<string, number | undefined>
  >;
  expect(inputTokens && outputTokens, 'the "finish" part has no usage with inputTokens and outputTokens');
  const sum = (inputTokens.noCache ?? 0) + (inputTokens.cacheRead ?? 0) + (inputTokens.cacheWrite ?? 0);
  if (inputTokens.total !== undefined && inputTokens.noCache !== undefined)
    expect(inputTokens.total === sum, `inputTokens.total is ${inputTokens.total}, its parts sum to ${sum}`);
  expect((outputTokens.total ?? 0) <= 8, `${outputTokens.total} output tokens, with maxOutputTokens 8`);
}

async function generateEqualsStream(model: ConformanceSubject): Promise<void> {
  const options: CallOptions = { prompt: prompt('Say hello.'), maxOutputTokens: 12, temperature: 0, seed: 7 };
  const whole = await model.doGenerate(options);
  const streamed = text(await collect(model, options));
  const content = (whole.content as Part[])
    .filter(({ type }) => type === 'text')
    .map((part) => part.text)
    .join('');
  expect(
    content === streamed,
    `doGenerate wrote ${JSON.stringify(content)}, doStream ${JSON.stringify(streamed)}`,
  );
}

async function lengthLimit(model: ConformanceSubject): Promise<void> {
  const result = await model.doGenerate({ prompt: prompt('Tell a long story.'), maxOutputTokens: 1 });
  expect(
    ['length', 'stop'].includes(result.finishReason?.unified),
    `finishReason is ${JSON.stringify(result.finishReason)}`,
  );
}

async function abortBefore(model: ConformanceSubject): Promise<void> {
  const reason = new DOMException('conformance', 'AbortError');
  for (const method of ['doGenerate', 'doStream'] as const) {
    const error = await Promise.resolve(
      model[method]({ prompt: prompt('Hello'), abortSignal: AbortSignal.abort(reason) }),
    ).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error !== undefined, `${method} ignores a signal that was aborted before the call`);
  }
}

async function abortDuring(model: ConformanceSubject): Promise<void> {
  const controller = new AbortController();
  const { stream } = await model.doStream({
    prompt: prompt('Tell a long story.'),
    maxOutputTokens: 256,
    abortSignal: controller.signal,
  });
  const reader = stream.getReader();
  await reader.read();
  controller.abort();
  let parts = 0;
  const ended = (async () => {
    try {
      while (!(await reader.read()).done) parts += 1;
    } catch {
      // Failing the stream is one way of ending it.
    }
  })();
  const late = Symbol();
  const timer = new Promise((resolve) => setTimeout(resolve, 10_000, late));
  expect(
    (await Promise.race([ended, timer])) !== late,
    `the stream is still open 10 s after the abort, ${parts} parts later`,
  );
}

async function cancelStream(model: ConformanceSubject): Promise<void> {
  const { stream } = await model.doStream({ prompt: prompt('Tell a long story.'), maxOutputTokens: 256 });
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel('conformance');
}

async function unsupportedWarned(model: ConformanceSubject): Promise<void> {
  const parts = await collect(model, {
    prompt: prompt('Say hello.'),
    maxOutputTokens: 4,
    topK: 5,
    presencePenalty: 0.1,
    frequencyPenalty: 0.1,
  });
  const warnings = parts[0]?.warnings as { type: string }[];
  for (const { type } of warnings)
    expect(
      ['unsupported', 'compatibility', 'deprecated', 'other'].includes(type),
      `unknown warning type "${type}"`,
    );
  expect(parts.at(-1)?.type === 'finish', 'unsupported settings end the call instead of being warned of');
}

async function concurrent(model: ConformanceSubject): Promise<void> {
  const options: CallOptions = { prompt: prompt('Say hello.'), maxOutputTokens: 8, temperature: 0, seed: 1 };
  const alone = text(await collect(model, options));
  const together = await Promise.all(Array.from({ length: 4 }, () => collect(model, options)));
  for (const parts of together)
    expect(text(parts) === alone, 'the same call gives another text when calls run side by side');
}

/** The checks, in an order that goes from shape to behaviour. `make` is called once a check. */
export function conformanceChecks(
  make: () => ConformanceSubject | Promise<ConformanceSubject>,
): ConformanceCheck[] {
  const checks: [string, (model: ConformanceSubject) => Promise<void>][] = [
    ['stream parts come in order and every block is closed', partOrder],
    ['usage adds up and keeps to the limit', usageSums],
    ['doGenerate and doStream write the same text', generateEqualsStream],
    ['a length limit is a finish reason', lengthLimit],
    ['an aborted signal stops a call before it starts', abortBefore],
    ['an abort during a stream ends it', abortDuring],
    ['cancelling the stream is quiet', cancelStream],
    ['settings that are not supported are warnings', unsupportedWarned],
    ['calls side by side do not touch each other', concurrent],
  ];
  return checks.map(([name, check]) => ({ name, run: async () => check(await make()) }));
}
