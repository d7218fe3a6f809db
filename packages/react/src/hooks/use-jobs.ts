/** The jobs of the server as hooks: all of them, and one. */
import { useMemo } from 'react';
import { createJobStore, type JobSnapshot, type JobStore } from '../stores/job-store.js';
import {
  createJobsStore,
  type JobsSettings,
  type JobsSnapshot,
  type JobsStore,
} from '../stores/jobs-store.js';
import { useEndpoint } from './trivium-provider.js';
import { useSnapshot, useStoreOf } from './use-store.js';

export type JobsState = JobsSnapshot & Pick<JobsStore, 'refresh' | 'cancel'>;

/**
 * The jobs of the server, newest first, looked for again every `pollMs` while the page is visible.
 * @example
 * const { jobs, cancel } = useJobs({ status: 'running' });
 * jobs.map(({ id, capability }) => <li key={id}>{capability} <button onClick={() => cancel(id)}>Cancel</button></li>);
 */
export function useJobs({ status, limit, pollMs }: JobsSettings = {}): JobsState {
  const endpoint = useEndpoint();
  const store = useStoreOf(
    () => createJobsStore(endpoint, { status, limit, pollMs }),
    endpoint,
    status,
    limit,
    pollMs,
  );
  const snapshot = useSnapshot(store);
  return useMemo(() => ({ ...snapshot, refresh: store.refresh, cancel: store.cancel }), [snapshot, store]);
}

export type JobState = JobSnapshot & Pick<JobStore, 'cancel'>;

/**
 * One job of the server, whatever it runs, followed while the component is there. To follow a job with the types of its
 * capability, use `useCapability(contract).follow(jobId)`.
 * @example
 * const { job, cancel } = useJob(id);
 * <progress value={job?.events} />
 */
export function useJob(jobId: string): JobState {
  const endpoint = useEndpoint();
  const store = useStoreOf(() => createJobStore(endpoint, jobId), endpoint, jobId);
  const snapshot = useSnapshot(store);
  return useMemo(() => ({ ...snapshot, cancel: store.cancel }), [snapshot, store]);
}
