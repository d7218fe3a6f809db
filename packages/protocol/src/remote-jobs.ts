/**
 * Jobs of a server as its clients use them: a capability started there goes on without a connection, is followed from any
 * event on, and is cancelled by its id. Knows the wire; refuses to know who shows a job and where its id is kept.
 */
import type { AnyCapability, InputOf, OutputOf, ProgressOf } from './capability.js';
import type { Job, JobStatus } from './contracts/jobs.js';
import { job as jobSchema, jobsList } from './contracts/jobs.js';
import { TriviumError, type TriviumErrorCode } from './errors.js';
import { checked } from './invoke.js';
import { type Endpoint, eventsOf, frameOf, request } from './remote.js';
import { capabilityPath, errorOfBody } from './wire.js';

/** Where jobs are listed: `GET`, with `status` and `limit` in the query. */
export const jobsPath = '/v1/jobs';

/** Where a job is shown (`GET`); `/cancel` (`POST`) and `/events` (`GET`, server-sent) lie below. */
export const jobPath = (id: string) => `${jobsPath}/${encodeURIComponent(id)}`;

async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    throw new TriviumError('network', `${response.url} answered with something that is no JSON.`, { cause });
  }
}

const jobOfAnswer = async (response: Response): Promise<Job> =>
  checked(jobSchema, await json(response), 'The server told of a job that is none');

/**
 * Starts `capability` on the server as a job and answers it as it is then: queued or running.
 * @throws TriviumError `invalid-argument` when the input does not fit, `busy` when too many jobs wait, `network`
 * @example
 * const { id } = await startJob(contracts.write, { paths, instruction }, { baseUrl: '' });
 */
export async function startJob<C extends AnyCapability>(
  capability: C,
  input: InputOf<C>,
  endpoint: Endpoint,
): Promise<Job> {
  const response = await request(endpoint, capabilityPath(capability), {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'respond-async' },
    body: JSON.stringify(input),
  });
  return jobOfAnswer(response);
}

/** @throws TriviumError `not-found`, `network` */
export const getJob = async (endpoint: Endpoint, id: string, signal?: AbortSignal): Promise<Job> =>
  jobOfAnswer(await request(endpoint, jobPath(id), signal ? { signal } : {}));

/** Asks the job to stop and answers it as it is then. @throws TriviumError `not-found`, `network` */
export const cancelJob = async (endpoint: Endpoint, id: string): Promise<Job> =>
  jobOfAnswer(await request(endpoint, `${jobPath(id)}/cancel`, { method: 'POST' }));

export interface ListJobs {
  status?: JobStatus | undefined;
  /** Default: what the server lists by itself. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** The jobs of the server, newest first, without their outputs. @throws TriviumError `network` */
export async function listJobs(
  endpoint: Endpoint,
  { status, limit, signal }: ListJobs = {},
): Promise<Omit<Job, 'output'>[]> {
  const query = new URLSearchParams();
  if (status !== undefined) query.set('status', status);
  if (limit !== undefined) query.set('limit', String(limit));
  const path = query.size > 0 ? `${jobsPath}?${query}` : jobsPath;
  const response = await request(endpoint, path, signal ? { signal } : {});
  return checked(jobsList.output, await json(response), 'The server told of jobs that are none').jobs;
}

export interface Patience {
  signal?: AbortSignal | undefined;
  /** Told when the connection is lost, for good too, and when it is there again; not when the job's own end closes it. */
  onConnection?: ((isConnected: boolean) => void) | undefined;
  /** Connections that may fail one after the other before it gives up, about a minute with the default: 10. */
  maxFailures?: number | undefined;
}

export interface FollowJob<C extends AnyCapability = AnyCapability> extends Patience {
  /** What the job runs; its progress and output are checked against it. Unchecked without it. */
  capability?: C | undefined;
  /** Events to leave out, as many as were seen before. Default: 0. */
  after?: number | undefined;
}

/** A connection that lasted this long was no failed one. */
const steadyMs = 5000;

/** Answers of a server that is there again soon, or of something between. */
const passing: ReadonlySet<TriviumErrorCode> = new Set(['network', 'busy', 'unavailable', 'disposed']);

/** A server over requests that may be lost: counts them, waits between them, says whether it is there. */
class Connection {
  readonly #patience: Patience;
  #failures = 0;
  #isThere = true;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /** It answers. */
  isThere(): void {
    this.#tell(true);
  }

  /** What was lost before counts no more. */
  isGood(): void {
    this.#failures = 0;
  }

  /** Waits until the next attempt. @throws `failure` where it does not pass, or was one too many; the signal's reason */
  async lost(failure: unknown): Promise<void> {
    const { signal, maxFailures = 10 } = this.#patience;
    signal?.throwIfAborted();
    this.#tell(false);
    this.#failures += 1;
    const passes = TriviumError.isInstance(failure) && passing.has(failure.code);
    if (!passes || this.#failures > maxFailures) throw failure;
    await pause(Math.min(8000, 125 * 2 ** this.#failures), signal);
  }

  #tell(now: boolean): void {
    if (now === this.#isThere) return;
    this.#isThere = now;
    this.#patience.onConnection?.(now);
  }
}

/**
 * The job, asked for again where a request is lost, as `followJob` connects again.
 * @throws TriviumError `not-found`, `network` after `maxFailures`; the signal's reason
 */
export async function getJobPatiently(endpoint: Endpoint, id: string, patience: Patience = {}): Promise<Job> {
  const connection = new Connection(patience);
  for (;;) {
    try {
      const job = await getJob(endpoint, id, patience.signal);
      connection.isThere();
      return job;
    } catch (thrown) {
      await connection.lost(thrown);
    }
  }
}

/**
 * The progress of a job behind its first `after` events, each with its number, as it comes; answers the job's output. A lost
 * connection is made again from the last event on. Leaving or aborting ends the connection, not the job.
 * @throws TriviumError what the job failed with (`cancelled` when it was), `not-found`, `network` after `maxFailures`
 */
export async function* followJob<C extends AnyCapability>(
  endpoint: Endpoint,
  id: string,
  { capability, after = 0, ...patience }: FollowJob<C> = {},
): AsyncGenerator<{ event: number; progress: ProgressOf<C> }, OutputOf<C>, void> {
  const { signal } = patience;
  const connection = new Connection(patience);
  let event = after;
  for (;;) {
    let failure: unknown;
    let connectedAt = Number.POSITIVE_INFINITY;
    try {
      const path = `${jobPath(id)}/events?after=${event}`;
      const response = await request(endpoint, path, {
        headers: { accept: 'text/event-stream' },
        ...(signal && { signal }),
      });
      connectedAt = Date.now();
      connection.isThere();
      for await (const { id: number, data } of eventsOf(response)) {
        const frame = frameOf(data);
        if (frame.type === 'error') throw new JobFailure(errorOfBody(frame, 'The job failed.'));
        if (frame.type === 'output') {
          if (!capability) return frame.output as OutputOf<C>;
          return checked(capability.output, frame.output, `${capability.name} answered another output`);
        }
        event = Number(number ?? event + 1);
        connection.isGood();
        yield {
          event,
          progress: capability
            ? checked(capability.progress, frame.progress, `${capability.name} reported another progress`)
            : (frame.progress as ProgressOf<C>),
        };
      }
      failure = new TriviumError('network', `The connection ended before job ${id} did.`);
    } catch (thrown) {
      if (thrown instanceof JobFailure) throw thrown.error;
      failure = thrown;
    }
    // A job may be silent for long, and what lies between may end quiet connections: those that lasted count as good.
    if (Date.now() - connectedAt > steadyMs) connection.isGood();
    await connection.lost(failure);
  }
}

/** The job's own failure, told apart from the connection's. */
class JobFailure extends Error {
  constructor(readonly error: TriviumError) {
    super(error.message);
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', leave);
      resolve();
    }, ms);
    if (signal?.aborted) leave();
    else signal?.addEventListener('abort', leave, { once: true });
  });
}
