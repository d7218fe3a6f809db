/** A job as callers are told of it: paths relative to the root, its error as that of a call. */
import { type Job, TriviumError } from '@trivium/protocol';
import { relativePaths } from '../../served/index.js';
import { failureOf } from '../failure.js';

export function shownJob(job: Job, root: string): Job {
  const shown = relativePaths(job, root) as Job;
  return job.error ? { ...shown, error: { ...jobFailure(job.error, root).toJSON() } } : shown;
}

function jobFailure({ code, message, ...details }: NonNullable<Job['error']>, root: string): TriviumError {
  // Whatever was thrown is kept as `internal`, and its sentence may hold what was asked.
  return failureOf(code === 'internal' ? undefined : new TriviumError(code, message, details), root);
}
