/**
 * One job of a server as a store, whatever it runs: followed while somebody looks, from the event on that was seen last.
 * Refuses to know React and what the job does.
 */
import {
  cancelJob,
  type Endpoint,
  followJob,
  getJobPatiently,
  type Job,
  jobStatusIsFinal,
  TriviumError,
} from '@trivium/protocol';
import { createAttachment } from './attachment.js';
import { heldEndpoint } from './endpoint-handle.js';
import { createPublisher, type Store } from './store.js';

export interface JobSnapshot {
  /** As it was when last asked for, its progress up to date; `undefined` until the server has told of it. */
  readonly job: Job | undefined;
  /** Why it cannot be followed, or was not cancelled; gone once it is told of again. What the job failed with is `job.error`. */
  readonly error: TriviumError | undefined;
  /** False while the connection is being made again. */
  readonly isConnected: boolean;
}

export interface JobStore extends Store<JobSnapshot> {
  /** Asks the job to stop. */
  readonly cancel: () => Promise<void>;
  /** Somebody looks; answers how to say that nobody does any more. The job goes on either way. */
  readonly attach: () => () => void;
}

/**
 * @example
 * const job = createJobStore({ baseUrl: '' }, id);
 * const leave = job.attach();
 * job.subscribe(() => console.log(job.getSnapshot().job?.status));
 */
export function createJobStore(endpoint: Endpoint, id: string): JobStore {
  let state: JobSnapshot = { job: undefined, error: undefined, isConnected: true };
  const publisher = createPublisher<JobSnapshot>(() => Object.freeze({ ...state }));
  let following: AbortController | undefined;
  let server = heldEndpoint(endpoint);

  const change = (changes: Partial<JobSnapshot>) => {
    state = { ...state, ...changes };
  };
  const show = (changes: Partial<JobSnapshot>) => {
    change(changes);
    publisher.publish();
  };
  const follow = async () => {
    const own = new AbortController();
    following = own;
    const { signal } = own;
    const at = heldEndpoint(endpoint);
    server = at;
    try {
      const patience = { signal, onConnection: (isConnected: boolean) => show({ isConnected }) };
      const job = await getJobPatiently(at, id, patience);
      show({ job, error: undefined, isConnected: true });
      const events = followJob(at, id, { ...patience, after: job.events });
      const failure = await follows(events, (event, progress) => {
        if (state.job) change({ job: { ...state.job, status: 'running', events: event, progress } });
        publisher.touch();
      });
      signal.throwIfAborted();
      // The job itself tells how it ended; where it has not, what ended is the connection.
      const last = await getJobPatiently(at, id, patience);
      if (failure && !jobStatusIsFinal(last.status)) throw failure;
      show({ job: last, error: undefined, isConnected: true });
    } catch (thrown) {
      if (following === own) show({ error: TriviumError.from(thrown), isConnected: false });
    } finally {
      if (following === own) following = undefined;
    }
  };

  const { attach } = createAttachment(
    () => void follow(),
    () => {
      following?.abort();
      following = undefined;
    },
  );

  return Object.freeze({
    subscribe: publisher.subscribe,
    getSnapshot: publisher.getSnapshot,
    getServerSnapshot: publisher.getServerSnapshot,
    cancel: async () => {
      try {
        show({ job: await cancelJob(server, id), error: undefined });
      } catch (thrown) {
        show({ error: TriviumError.from(thrown) });
      }
    },
    attach,
  });
}

type Events = AsyncGenerator<{ event: number; progress: unknown }, unknown, void>;

/** Takes the events to their end; answers what was thrown, if anything was. */
async function follows(events: Events, take: (event: number, progress: unknown) => void): Promise<unknown> {
  try {
    for await (const { event, progress } of events) take(event, progress);
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}
