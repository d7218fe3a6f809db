/**
 * Where the progress and the output of a call come from: the call itself, a job that it starts, or a job that is there.
 * Refuses to know what is shown of them, and whether anybody looks.
 */
import {
  type AnyCapability,
  cancelJob,
  type Endpoint,
  followJob,
  getJob,
  type InputOf,
  type OutputOf,
  type ProgressOf,
  remote,
  startJob,
  stream,
  TriviumError,
} from '@trivium/protocol';

/** A call, or the following of a job, that is going on. */
export interface Run {
  readonly controller: AbortController;
  /** `new`: nothing was sent yet; `starting`: a job is, and its id not known; `going`: all else. */
  phase: 'new' | 'starting' | 'going';
  /** The job is to be cancelled as soon as its id is known. */
  isStopping: boolean;
  /** The job is to be left as soon as its id is known. */
  isLeaving: boolean;
}

export const newRun = (): Run => ({
  controller: new AbortController(),
  phase: 'new',
  isStopping: false,
  isLeaving: false,
});

export type Work<C extends AnyCapability> = (run: Run) => AsyncGenerator<ProgressOf<C>, OutputOf<C>, void>;

/** Who is told of jobs. */
export interface JobObserver {
  /** Progress events of the job that were seen already. */
  readonly events: () => number;
  /** The job has an id. */
  readonly onStart: (id: string, run: Run) => void;
  /** The job did not hear that it is to stop. */
  readonly onStopFailed: (thrown: unknown, run: Run) => void;
  readonly onConnection: (isConnected: boolean, run: Run) => void;
  /** Nobody knows the job any more. */
  readonly onGone: (run: Run) => void;
}

/** The work of one call and of its job, on one server from beginning to end. */
export class CallWork<C extends AnyCapability> {
  readonly #capability: C;
  readonly #endpoint: Endpoint;
  readonly #observer: JobObserver;

  constructor(capability: C, endpoint: Endpoint, observer: JobObserver) {
    this.#capability = capability;
    this.#endpoint = endpoint;
    this.#observer = observer;
  }

  called(input: InputOf<C>): Work<C> {
    return ({ controller: { signal } }) =>
      stream(remote(this.#capability, this.#endpoint), input, { signal });
  }

  asJob(input: InputOf<C>): Work<C> {
    const work = this;
    return async function* (run) {
      run.phase = 'starting';
      // Not cut off by the signal: a job whose id nobody heard could not be stopped.
      const { id } = await startJob(work.#capability, input, work.#endpoint);
      if (run.isStopping) {
        await work.cancel(id).catch((thrown) => {
          run.isStopping = false;
          work.#observer.onStopFailed(thrown, run);
        });
      }
      run.controller.signal.throwIfAborted();
      run.phase = 'going';
      work.#observer.onStart(id, run);
      run.controller.signal.throwIfAborted();
      return yield* work.followed(id)(run);
    };
  }

  /** Asks a job to stop. @throws TriviumError */
  async cancel(id: string): Promise<void> {
    await cancelJob(this.#endpoint, id);
  }

  followed(id: string): Work<C> {
    const work = this;
    return async function* (run) {
      const events = followJob(work.#endpoint, id, {
        capability: work.#capability,
        after: work.#observer.events(),
        signal: run.controller.signal,
        onConnection: (isConnected) => work.#observer.onConnection(isConnected, run),
      });
      try {
        for (;;) {
          const step = await events.next();
          if (step.done) return step.value;
          yield step.value.progress;
        }
      } finally {
        await events.return(undefined as never);
      }
    };
  }

  /** As `followed`, of a job from before, which nobody may know any more. */
  refollowed(id: string): Work<C> {
    const work = this;
    return async function* (run) {
      try {
        return yield* work.followed(id)(run);
      } catch (thrown) {
        if (isNotFound(thrown) && (await work.#isGone(id, run))) work.#observer.onGone(run);
        throw thrown;
      }
    };
  }

  /** What a job failed with may be `not-found` as well: the job itself is asked for. */
  #isGone(id: string, { controller: { signal } }: Run): Promise<boolean> {
    return getJob(this.#endpoint, id, signal).then(() => false, isNotFound);
  }
}

const isNotFound = (thrown: unknown): boolean =>
  TriviumError.isInstance(thrown) && thrown.code === 'not-found';
