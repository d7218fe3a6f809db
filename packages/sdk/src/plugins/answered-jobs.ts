/**
 * What a call in the thread of a plugin asks about jobs, answered with the jobs that it was given here: so it knows no more of
 * them than one that runs here. Refuses to know: threads, who knows which jobs.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type AnyImplementation, type CapabilityContext, contracts, TriviumError } from '@trivium/protocol';
import { z } from 'zod';

import type { Jobs } from '../jobs/index.js';
import type { JobEvent } from '../jobs/read-job.js';
import type { JobsAnswer } from './worker-frames.js';

const id = z.string();
const limit = z.number().int().min(1).default(50);
const question = z.discriminatedUnion('method', [
  z.object({ method: z.literal('get'), id }),
  z.object({ method: z.literal('cancel'), id }),
  z.object({ method: z.literal('list'), status: contracts.jobStatus.optional(), limit }),
  z.object({ method: z.literal('watch'), id, after: z.number().int().min(0).default(0) }),
  z.object({ method: z.literal('start'), plugin: z.string(), capability: z.string(), input: z.unknown() }),
]);
export type JobsQuestion = z.input<typeof question>;

/** A context as surfaces make it; whoever calls an implementation by hand may leave out the jobs. */
export type CallContext = CapabilityContext & { readonly jobs?: Jobs };

/** Of one call, until it ends. */
export class AnsweredJobs implements Disposable {
  readonly #context: CallContext;
  readonly #startable: readonly AnyImplementation[];
  readonly #post: (answer: JobsAnswer) => void;
  readonly #open = new Map<number, { controller: AbortController; steps: AsyncGenerator }>();
  /** Within the call, and so within its job: questions come by messages, outside of any. */
  readonly #inCall = AsyncLocalStorage.snapshot();

  /** @param startable what the plugin may start as jobs: only contracts are known of what else its thread holds */
  constructor(
    context: CallContext,
    startable: readonly AnyImplementation[],
    post: (answer: JobsAnswer) => void,
  ) {
    this.#context = context;
    this.#startable = startable;
    this.#post = post;
  }

  /** Posts the next step of what is asked, failures included. */
  async answer(ask: number, asked: unknown): Promise<void> {
    try {
      const { value, done } = await this.#inCall(() => this.#stepsOf(ask, asked).next());
      if (done) this.#open.delete(ask);
      this.#post(
        done ? { type: 'jobs-output', ask, output: value } : { type: 'jobs-progress', ask, progress: value },
      );
    } catch (thrown) {
      this.#open.delete(ask);
      this.#post({ type: 'jobs-error', ask, error: { ...TriviumError.from(thrown).toJSON() } });
    }
  }

  /** Nothing more is wanted of it. */
  close(ask: number): void {
    const { controller, steps } = this.#open.get(ask) ?? {};
    this.#open.delete(ask);
    // In this order: a step that is waited for ends first.
    controller?.abort();
    steps?.return(undefined).catch(() => {});
  }

  [Symbol.dispose](): void {
    for (const ask of [...this.#open.keys()]) this.close(ask);
  }

  #stepsOf(ask: number, asked: unknown): AsyncGenerator {
    const open = this.#open.get(ask);
    if (open) return open.steps;
    const controller = new AbortController();
    const steps = this.#told(asked, controller.signal);
    this.#open.set(ask, { controller, steps });
    return steps;
  }

  async *#told(asked: unknown, signal: AbortSignal): AsyncGenerator<JobEvent, unknown, void> {
    const wanted = parsedQuestion(asked);
    const { jobs } = this.#context;
    if (!jobs) throw new TriviumError('unsupported', 'Whoever made this call gave it no jobs to know of.');
    switch (wanted.method) {
      case 'get':
        return jobs.get(wanted.id);
      case 'cancel':
        return jobs.cancel(wanted.id);
      case 'list':
        return jobs.list(wanted);
      case 'watch':
        return yield* jobs.watch(wanted.id, { after: wanted.after, signal });
      case 'start':
        return jobs.start(this.#implementationOf(wanted), wanted.input, (signal) => ({
          ...this.#context,
          signal,
        }));
    }
  }

  #implementationOf({ plugin, capability: name }: { plugin: string; capability: string }): AnyImplementation {
    const found = this.#startable.find(
      ({ capability }) => capability.plugin === plugin && capability.name === name,
    );
    if (found) return found;
    throw new TriviumError('unsupported', `${plugin} ${name} cannot be started as a job from here.`, {
      expected: 'a capability of the plugin itself, for it runs in a thread of its own',
      remedy: 'Call it within the job of a capability of the plugin.',
    });
  }
}

function parsedQuestion(asked: unknown): z.output<typeof question> {
  const { data, error } = question.safeParse(asked);
  if (data) return data;
  const fault = z.prettifyError(error);
  throw new TriviumError('invalid-argument', `Jobs were asked for what they do not tell. ${fault}`, {
    field: error.issues[0]?.path.join('.'),
  });
}
