/**
 * The jobs of a server as a store: listed again and again while somebody looks, cancelled by id. A job keeps its identity
 * while nothing about it changes. Refuses to know React and what jobs do.
 */
import {
  cancelJob,
  type Endpoint,
  type Job,
  type JobStatus,
  listJobs,
  TriviumError,
} from '@trivium/protocol';
import { createAttachment } from './attachment.js';
import { createPublisher, type Store } from './store.js';

/** A job as lists have it: everything but its output. */
export type ListedJob = Omit<Job, 'output'>;

export interface JobsSettings {
  /** Only jobs in this state. */
  status?: JobStatus | undefined;
  /** How many at most, 1 to 1000; default: the server's. */
  limit?: number | undefined;
  /** Milliseconds between two looks while somebody looks and the page is visible; 0: only `refresh` looks. Default 2000. */
  pollMs?: number | undefined;
}

export interface JobsSnapshot {
  readonly status: 'loading' | 'ready' | 'error';
  /** Newest first; after an error those that were known before it. */
  readonly jobs: readonly ListedJob[];
  readonly error: TriviumError | undefined;
}

export interface JobsStore extends Store<JobsSnapshot> {
  /** Looks now. */
  readonly refresh: () => Promise<void>;
  /** Asks a job to stop. */
  readonly cancel: (jobId: string) => Promise<void>;
  /** Somebody looks; answers how to say that nobody does any more. */
  readonly attach: () => () => void;
}

/**
 * @example
 * const jobs = createJobsStore({ baseUrl: '' }, { status: 'running' });
 * const leave = jobs.attach();
 * jobs.subscribe(() => console.log(jobs.getSnapshot().jobs.length));
 */
export function createJobsStore(
  endpoint: Endpoint,
  { status, limit, pollMs = 2000 }: JobsSettings = {},
): JobsStore {
  let snapshot: JobsSnapshot = Object.freeze({
    status: 'loading',
    jobs: Object.freeze([]),
    error: undefined,
  });
  const publisher = createPublisher(() => snapshot);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let looking: AbortController | undefined;

  const show = (next: JobsSnapshot) => {
    const { status: state, jobs, error } = snapshot;
    if (next.status === state && next.jobs === jobs && next.error === error) return;
    snapshot = Object.freeze(next);
    publisher.publish();
  };
  const fail = (thrown: unknown) =>
    show({ status: 'error', jobs: snapshot.jobs, error: TriviumError.from(thrown) });
  const refresh = async () => {
    looking?.abort();
    const own = new AbortController();
    looking = own;
    try {
      const jobs = await listJobs(endpoint, { status, limit, signal: own.signal });
      if (looking === own)
        show({ status: 'ready', jobs: sameWhereEqual(snapshot.jobs, jobs), error: undefined });
    } catch (thrown) {
      if (looking === own) fail(thrown);
    }
  };
  const poll = async () => {
    // A page that nobody sees asks nothing; it is up to date again one turn after it is seen.
    if (typeof document === 'undefined' || document.visibilityState === 'visible') await refresh();
    if (attachment.isAttached() && pollMs > 0) {
      clearTimeout(timer);
      timer = setTimeout(poll, pollMs);
    }
  };

  const attachment = createAttachment(
    () => void poll(),
    () => {
      clearTimeout(timer);
      looking?.abort();
      looking = undefined;
    },
  );

  return Object.freeze({
    subscribe: publisher.subscribe,
    getSnapshot: publisher.getSnapshot,
    getServerSnapshot: publisher.getServerSnapshot,
    refresh,
    cancel: async (jobId: string) => {
      try {
        const { output: _, ...cancelled } = await cancelJob(endpoint, jobId);
        const jobs = snapshot.jobs.map((job) => (job.id === jobId ? cancelled : job));
        show({ ...snapshot, jobs: sameWhereEqual(snapshot.jobs, jobs) });
      } catch (thrown) {
        fail(thrown);
      }
    },
    attach: attachment.attach,
  });
}

/** `after`, with the objects of `before` where nothing changed; `before` itself where nothing did at all. */
function sameWhereEqual(before: readonly ListedJob[], after: readonly ListedJob[]): readonly ListedJob[] {
  const known = new Map(before.map((job) => [job.id, job]));
  const merged = after.map((job) => {
    const earlier = known.get(job.id);
    return earlier && JSON.stringify(earlier) === JSON.stringify(job) ? earlier : job;
  });
  const isSame = merged.length === before.length && merged.every((job, index) => job === before[index]);
  return isSame ? before : Object.freeze(merged);
}
