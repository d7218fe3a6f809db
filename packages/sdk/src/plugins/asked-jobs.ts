/**
 * Jobs as the calls in the thread of a plugin know them: each question goes to the host, which answers it with the jobs that
 * the call was given there. Refuses to know: where jobs are kept.
 */
import type { Job } from '@trivium/protocol';
import type { Jobs } from '../jobs/index.js';
import type { JobEvent } from '../jobs/read-job.js';
import type { JobsQuestion } from './answered-jobs.js';
import { errorFrom, type FromWorker, type JobsAnswer } from './worker-frames.js';

interface Waiter {
  resolve(answer: JobsAnswer): void;
  reject(reason: unknown): void;
}

export class AskedJobs {
  readonly #post: (frame: FromWorker) => void;
  readonly #waiters = new Map<number, Waiter>();
  #asks = 0;

  constructor(post: (frame: FromWorker) => void) {
    this.#post = post;
  }

  hear(answer: JobsAnswer): void {
    this.#waiters.get(answer.ask)?.resolve(answer);
  }

  /**
   * What one call knows, until it ends: then everything is `disposed`. What is started must be a capability of the plugin
   * (`unsupported` else), and runs as any call of it does, on a context that the host makes.
   */
  of(call: number): Jobs {
    const told = async (question: JobsQuestion) => (await this.#ask(call, question).next()).value;
    return {
      get: (id) => told({ method: 'get', id }) as Promise<Job>,
      cancel: (id) => told({ method: 'cancel', id }) as Promise<Job>,
      list: ({ status, limit } = {}) => told({ method: 'list', status, limit }) as Promise<Job[]>,
      watch: (id, { after, signal } = {}) =>
        this.#ask(call, { method: 'watch', id, after }, signal) as AsyncGenerator<JobEvent, Job, void>,
      start: ({ capability: { plugin, name } }, input) =>
        told({ method: 'start', plugin, capability: name, input }) as Promise<Job>,
    };
  }

  async *#ask(
    call: number,
    question: JobsQuestion,
    signal?: AbortSignal,
  ): AsyncGenerator<unknown, unknown, void> {
    const ask = ++this.#asks;
    const leave = () => this.#waiters.get(ask)?.reject(signal?.reason);
    signal?.addEventListener('abort', leave);
    let isOpen = true;
    try {
      for (;;) {
        signal?.throwIfAborted();
        const answer = await this.#step(call, ask, question);
        if (answer.type === 'jobs-progress') {
          yield answer.progress;
          continue;
        }
        isOpen = false;
        if (answer.type === 'jobs-output') return answer.output;
        throw errorFrom(answer.error);
      }
    } finally {
      signal?.removeEventListener('abort', leave);
      this.#waiters.delete(ask);
      if (isOpen) this.#post({ type: 'jobs-close', call, ask });
    }
  }

  #step(call: number, ask: number, question: JobsQuestion): Promise<JobsAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiters.set(ask, { resolve, reject });
      this.#post({ type: 'jobs-next', call, ask, question });
    });
  }
}
