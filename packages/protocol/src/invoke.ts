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

/** A running capability: await it for the output, or iterate it for progress; either starts it once. */
export interface CapabilityCall<C extends AnyCapability>
  extends PromiseLike<OutputOf<C>>,
    AsyncIterable<ProgressOf<C>> {
  /** Stops the work; the promise rejects with `cancelled`. */
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

/** The next step; once `signal` aborts, the step or `cancelled`, whichever comes first after the grace. */
async function nextStep<Progress, Output>(
  running: AsyncGenerator<Progress, Output, void>,
  signal: AbortSignal,
): Promise<IteratorResult<Progress, Output>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abandon!: () => void;
  const abandoned = new Promise<never>((_, reject) => {
    abandon = () => {
      timer = setTimeout(
        () => reject(new TriviumError('cancelled', 'The call was cancelled and did not stop by itself.')),
        graceMs,
      );
    };
  });
  if (signal.aborted) abandon();
  else signal.addEventListener('abort', abandon, { once: true });
  try {
    return await Promise.race([running.next(), abandoned]);
  } finally {
    signal.removeEventListener('abort', abandon);
    clearTimeout(timer);
  }
}

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
 * but through here: what it throws is thrown, what does not fit its contract is refused, and when it does not stop
 * within a second of being told to, it is left behind.
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
  let isRunning = true;
  try {
    for (;;) {
      const step = await nextStep(running, context.signal);
      if (step.done) {
        isRunning = false;
        const fault = `${capability.name} answered what its contract does not allow`;
        return checked(capability.output, step.value, fault) as OutputOf<C>;
      }
      const fault = `${capability.name} reported progress that its contract does not allow`;
      yield checked(capability.progress, step.value, fault) as ProgressOf<C>;
    }
  } catch (error) {
    if (context.signal.aborted) isRunning = false;
    throw error;
  } finally {
    // The consumer left early, or a misfit ended the call: the implementation cleans up, and nobody waits for ever.
    if (isRunning) await Promise.race([running.return(undefined as never).catch(() => {}), afterGrace()]);
  }
}

const afterGrace = () =>
  new Promise<void>((resolve) => {
    const timer: { unref?: () => void } | number = setTimeout(resolve, graceMs);
    if (typeof timer === 'object') timer.unref?.();
  });

/** Runs to the end and answers the output. */
export async function invoke<C extends AnyCapability, Context extends CapabilityContext>(
  implementation: Implementation<C, Context>,
  input: InputOf<C>,
  context: Context,
  onProgress?: (progress: ProgressOf<C>) => void,
): Promise<OutputOf<C>> {
  const running = stream(implementation, input, context);
  for (;;) {
    const step = await running.next();
    if (step.done) return step.value;
    onProgress?.(step.value);
  }
}

/** The call that client methods return. */
export function call<C extends AnyCapability, Context extends CapabilityContext>(
  implementation: Implementation<C, Context>,
  input: InputOf<C>,
  makeContext: (signal: AbortSignal) => Context,
  options: InvokeOptions<C> = {},
): CapabilityCall<C> {
  const controller = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, controller.signal]) : controller.signal;
  let result: Promise<OutputOf<C>> | undefined;
  const start = (onProgress?: (progress: ProgressOf<C>) => void) =>
    invoke(implementation, input, makeContext(signal), onProgress).catch((error: unknown) => {
      throw signal.aborted
        ? new TriviumError('cancelled', 'The call was cancelled.', { cause: error })
        : error;
    });
  return {
    // biome-ignore lint/suspicious/noThenProperty: a call is awaitable by design
    then: (resolve, reject) => {
      result ??= start(options.onProgress);
      return result.then(resolve, reject);
    },
    async *[Symbol.asyncIterator]() {
      const running = stream(implementation, input, makeContext(signal));
      let settle!: (output: OutputOf<C>) => void;
      let fail!: (error: unknown) => void;
      result ??= new Promise<OutputOf<C>>((resolve, reject) => {
        settle = resolve;
        fail = reject;
      });
      result.catch(() => {});
      try {
        for (;;) {
          const step = await running.next();
          if (step.done) {
            settle?.(step.value);
            return;
          }
          options.onProgress?.(step.value);
          yield step.value;
        }
      } catch (error) {
        fail?.(error);
        throw error;
      } finally {
        // The consumer left early: stop the work.
        controller.abort();
        fail?.(new TriviumError('cancelled', 'The call was cancelled.'));
      }
    },
    cancel: () => controller.abort(),
  };
}
