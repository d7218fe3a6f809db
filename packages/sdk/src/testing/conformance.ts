/**
 * A conformance suite that any AI SDK language model (V3 or V4) can run, under any test runner: a list of named checks,
 * each of which rejects with what it found. It needs a model that answers a short prompt with at least two tokens.
 */
import type { CallOptions } from '../provider/specification.js';
import { answerOf, checkPartOrder, expect, type Part } from './part-order.js';

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

const prompt = (text: string): CallOptions['prompt'] => [{ role: 'user', content: [{ type: 'text', text }] }];

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

const text = (parts: Part[]) => answerOf(parts).text;

async function partOrder(model: ConformanceSubject): Promise<void> {
  checkPartOrder(await collect(model, { prompt: prompt('Say hello.'), maxOutputTokens: 16 }));
}

const withTools: CallOptions = {
  prompt: prompt('What is the weather in Paris? Call the tool.'),
  maxOutputTokens: 64,
  temperature: 0,
  seed: 7,
  tools: [
    {
      type: 'function',
      name: 'get_weather',
      description: 'The weather of a city.',
      inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  ],
  toolChoice: { type: 'auto' },
};

/** Whether the model calls the tool is its own affair; a call that it makes has its form. */
async function toolCalls(model: ConformanceSubject): Promise<void> {
  const parts = await collect(model, withTools);
  checkPartOrder(parts);
  const whole = await model.doGenerate(withTools);
  expectSame(answerOf(whole.content as Part[]), answerOf(parts));
}

async function withoutToolCalls(model: ConformanceSubject): Promise<void> {
  const parts = await collect(model, { ...withTools, toolChoice: { type: 'none' } });
  checkPartOrder(parts);
  const calls = parts.filter(({ type }) => type === 'tool-call').length;
  expect(calls === 0, `${calls} tool calls, with toolChoice "none"`);
}

function expectSame(whole: ReturnType<typeof answerOf>, streamed: ReturnType<typeof answerOf>): void {
  for (const key of ['reasoning', 'text', 'toolCalls'] as const) {
    const [ofWhole, ofStream] = [JSON.stringify(whole[key]), JSON.stringify(streamed[key])];
    expect(ofWhole === ofStream, `${key}: doGenerate wrote ${ofWhole}, doStream ${ofStream}`);
  }
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
  const { total, text: ofText, reasoning } = outputTokens;
  if (total !== undefined && ofText !== undefined && reasoning !== undefined)
    expect(
      total === ofText + reasoning,
      `outputTokens.total is ${total}, its parts sum to ${ofText + reasoning}`,
    );
  expect((outputTokens.total ?? 0) <= 8, `${outputTokens.total} output tokens, with maxOutputTokens 8`);
}

async function generateEqualsStream(model: ConformanceSubject): Promise<void> {
  const options: CallOptions = { prompt: prompt('Say hello.'), maxOutputTokens: 12, temperature: 0, seed: 7 };
  const whole = await model.doGenerate(options);
  expectSame(answerOf(whole.content as Part[]), answerOf(await collect(model, options)));
}

async function lengthLimit(model: ConformanceSubject): Promise<void> {
  const result = await model.doGenerate({ prompt: prompt('Tell a long story.'), maxOutputTokens: 1 });
  expect(
    ['length', 'stop'].includes(result.finishReason?.unified),
    `finishReason is ${JSON.stringify(result.finishReason)}`,
  );
}

/** A model that has no such setting warns of it. */
async function stopSequence(model: ConformanceSubject): Promise<void> {
  const options: CallOptions = { prompt: prompt('Say hello.'), maxOutputTokens: 48, temperature: 0, seed: 7 };
  const whole = text(await collect(model, options));
  const letters = [...whole];
  const sequence = letters
    .slice(letters.length >> 1)
    .slice(0, 3)
    .join('');
  if (sequence === '') return; // reasoning alone: there is nothing to stop
  const parts = await collect(model, { ...options, stopSequences: [sequence] });
  checkPartOrder(parts);
  if (isUnsupported(parts[0]!, 'stopSequences')) return;
  const [wanted, found] = [whole.slice(0, whole.indexOf(sequence)), text(parts)];
  const told = [JSON.stringify(sequence), JSON.stringify(found), JSON.stringify(wanted)];
  expect(found === wanted, `with the stop sequence ${told[0]} the text is ${told[1]}, not ${told[2]}`);
  const { finishReason } = parts.at(-1) as { finishReason?: { unified?: string } };
  expect(finishReason?.unified !== 'length', 'an answer that a stop sequence ends says that its length did');
}

const isUnsupported = ({ warnings }: Part, feature: string): boolean =>
  (warnings as { type: string; feature?: string }[]).some(
    (warning) => warning.type === 'unsupported' && warning.feature === feature,
  );

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
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waited = new Promise((resolve) => {
    timer = setTimeout(resolve, 10_000, late);
  });
  const first = await Promise.race([ended, waited]);
  clearTimeout(timer);
  expect(first !== late, `the stream is still open 10 s after the abort, ${parts} parts later`);
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
    ['doGenerate and doStream write the same', generateEqualsStream],
    ['tool calls come behind their input, whole or streamed', toolCalls],
    ['toolChoice "none" leaves tools uncalled', withoutToolCalls],
    ['a length limit is a finish reason', lengthLimit],
    ['a stop sequence ends the text before it', stopSequence],
    ['an aborted signal stops a call before it starts', abortBefore],
    ['an abort during a stream ends it', abortDuring],
    ['cancelling the stream is quiet', cancelStream],
    ['settings that are not supported are warnings', unsupportedWarned],
    ['calls side by side do not touch each other', concurrent],
  ];
  return checks.map(([name, check]) => ({ name, run: async () => check(await make()) }));
}
