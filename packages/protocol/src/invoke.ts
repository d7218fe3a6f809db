/** Runs an implementation: validates all that passes, carries progress, cancels. Every surface goes through here. */
import * as z from 'zod';
import type {
  AnyCapability,
  CapabilityContext,
  Implementation,
  InputOf,
  OutputOf,
  ProgressOf,
} from './capability.js';
import { TriviumError } from './errors.js';

export interface InvokeOptions<C extends AnyCapability> {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ProgressOf<C>) => void) | undefined;
}

/**
 * A running capability: await it for the output, or iterate it for progress. The first of either starts it, once: it may be
 * awaited at any time and as often as you like, and iterated once, before it is awaited.
 */
export interface CapabilityCall<C extends AnyCapability>
  extends PromiseLike<OutputOf<C>>,
    AsyncIterable<ProgressOf<C>> {
  /** Stops the work; the promise, and the loop over its progress, reject with `cancelled`. */
  cancel(): void;
}

/** Parses `input` against the contract; a fault names the field. */
export function parseInput<C extends AnyCapability>(capability: C, input: unknown): z.output<C['input']> {
  const parsed = capability.input.safeParse(input);
  if (parsed.success) return parsed.data as z.output<C['input']>;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || undefined;
  const isMissing = issue?.code === 'invalid_type' && valueAt(input, issue.path) === undefined;
  const fault = isMissing && field ? `${field} is missing.` : `${field ? `${field}: ` : ''}${issue?.message}`;
  throw new TriviumError('invalid-argument', `${capability.name}: ${fault}`, {
    field,
    remedy: 'See the description of its input.',
    cause: parsed.error,
  });
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inside, key) => (inside as Record<PropertyKey, unknown> | undefined)?.[key], value);

/** How long an implementation may take to stop once it is told to; then it is left behind. */
const graceMs = 1000;

/** When a call is left behind: one moment for all its steps and its cleaning up, however many it still takes. */
class Deadline {
  #atMs = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reject: (reason: unknown) => void = () => {};

  /** Lets the grace begin, once. */
  readonly start = (): void => {
    if (this.#timer !== undefined) return;
    this.#atMs = performance.now() + graceMs;
    this.#timer = setTimeout(() => {
      this.#atMs = 0; // timers come up to a millisecond early by the clock
      this.#reject(leftBehind());
    }, graceMs);
  };

  /** What `step` settles to, or `cancelled` once the grace is over. One at a time. */
  race<T>(step: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      step.then(resolve, reject);
      this.#reject = reject;
      // By the clock: steps that never wait for anything keep timers from their turn.
      if (performance.now() >= this.#atMs) reject(leftBehind());
    });
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

const leftBehind = () => new TriviumError('cancelled', 'The call was cancelled and did not stop by itself.');

/** What a schema made of a value that an implementation handed out. @throws TriviumError `internal`: a misfit is its fault */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  fault: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TriviumError('internal', `${fault}: ${z.prettifyError(parsed.error)}`);
}

/**
 * Starts an implementation and hands out its progress as it comes. Nothing an implementation does reaches the host
 * but through here: what it throws is thrown, what does not fit its contract is refused, and what goes on a second after it
 * was told to stop, progress or none, is left behind: it ends at its next `yield`.
 * @throws TriviumError `invalid-argument` when the input does not fit, `internal` when progress or output does not
 */
export async function* stream<C extends AnyCapability, Context extends CapabilityContext>(
  implementation: Implementation<C, Context>,
  input: InputOf<C>,
  context: Context,
): AsyncGenerator<ProgressOf<C>, OutputOf<C>, void> {
  const { capability, run } = implementation;
  const parsed = parseInput(capability, input);
  context.signal.throwIfAborted();
  const running = run(parsed, context);
  const deadline = new Deadline();
  context.signal.addEventListener('abort', deadline.start, { once: true });
  try {
    for (;;) {
      const step = await deadline.race(running.next());
      if (step.done) {
        const fault = `${capability.name} answered what its contract does not allow`;
        return checked(capability.output, step.value, fault) as OutputOf<C>;
      }
      const fault = `${capability.name} reported progress that its contract does not allow`;
      yield checked(capability.progress, step.value, fault) as ProgressOf<C>;
    }
  } finally {
    context.signal.removeEventListener('abort', deadline.start);
    // The consumer left early, a misfit ended the call, or it is left behind: it cleans up, and nobody waits for ever.
    deadline.start();
    await deadline.race(running.return(undefined as never)).catch(() => {});
    deadline.clear();
  }
}

/** Runs to the end and answers the output; where `onProgress` throws, the work ends with what it threw. */
export async function invoke<C extends AnyCapability, Context extends CapabilityContext>(
  implementation: Implementation<C, Context>,
  input: InputOf<C>,
  context: Context,
  onProgress?: (progress: ProgressOf<C>) => void,
): Promise<OutputOf<C>> {
  return finish(stream(implementation, input, context), onProgress);
}

/** The output of what runs; nothing of it goes on when this settles. */
async function finish<Progress, Output>(
  running: AsyncGenerator<Progress, Output, void>,
  onProgress?: (progress: Progress) => void,
): Promise<Output> {
  try {
    for (;;) {
      const step = await running.next();
      if (step.done) return step.value;
      onProgress?.(step.value);
    }
  } finally {
    await running.return(undefined as never).catch(() => {});
  }
}

/** The call that client methods return. */
export function call<C extends AnyCapability, Context extends CapabilityContext>(
  implementation: Implementation<C, Context>,
  input: InputOf<C>,
  makeContext: (signal: AbortSignal) => Context,
  { signal: given, onProgress }: InvokeOptions<C> = {},
): CapabilityCall<C> {
  const controller = new AbortController();
  const signal = given ? AbortSignal.any([given, controller.signal]) : controller.signal;
  /** Of the one run, once it has started. */
  let result: Promise<OutputOf<C>> | undefined;

  async function* run(): AsyncGenerator<ProgressOf<C>, OutputOf<C>, void> {
    const running = stream(implementation, input, makeContext(signal));
    let isRunning = true;
    try {
      for (;;) {
        const step = await running.next();
        if (step.done) {
          isRunning = false;
          return step.value;
        }
        onProgress?.(step.value);
        yield step.value;
      }
    } catch (error) {
      throw signal.aborted
        ? new TriviumError('cancelled', 'The call was cancelled.', { cause: error })
        : error;
    } finally {
      // The consumer left early, or `onProgress` threw: the work stops, and cleans up before anybody goes on.
      if (isRunning) controller.abort();
      await running.return(undefined as never).catch(() => {});
    }
  }

  return {
    // biome-ignore lint/suspicious/noThenProperty: a call is awaitable by design
    then: (resolve, reject) => {
      result ??= finish(run());
      return result.then(resolve, reject);
    },
    async *[Symbol.asyncIterator]() {
      if (result) {
        throw new TriviumError('invalid-argument', 'This call runs already, and its progress is told once.', {
          remedy: 'Iterate it before it is awaited, give `onProgress`, or call again.',
        });
      }
      let settle!: (output: OutputOf<C>) => void;
      let fail!: (error: unknown) => void;
      result = new Promise((resolve, reject) => {
        settle = resolve;
        fail = reject;
      });
      result.catch(() => {});
      try {
        settle(yield* run());
      } catch (error) {
        fail(error);
        throw error;
      } finally {
        // Where it was left early; a promise settles once.
        fail(new TriviumError('cancelled', 'The call was cancelled.'));
      }
    },
    cancel: () => controller.abort(),
  };
}
