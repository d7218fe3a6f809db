/**
 * Long work that outlives the call that started it: a job has an id, a state, progress, a result, and can be cancelled.
 * What a job runs is any capability; these are the capabilities that tell of jobs.
 */
import * as z from 'zod';
import { defineCapability } from '../capability.js';
import { triviumErrorCodes } from '../errors.js';
import { readOnly } from './shared.js';

export const jobStatus = z
  .enum(['queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted'])
  .describe('interrupted: its process ended before the job did.');
export type JobStatus = z.output<typeof jobStatus>;

/** It has ended, one way or another. */
export const jobStatusIsFinal = (status: JobStatus) => status !== 'queued' && status !== 'running';

const time = z.string().describe('ISO 8601.');

export const job = z.object({
  id: z.string(),
  plugin: z.string(),
  capability: z.string(),
  status: jobStatus,
  createdAt: time,
  endedAt: time.optional(),
  events: z.number().int().describe('Progress events so far.'),
  progress: z.unknown().optional().describe('The last progress event.'),
  output: z.unknown().optional().describe('What the capability answered, once it succeeded.'),
  error: z
    .looseObject({
      // A server that knows more codes hides none of its jobs from clients that do not.
      code: z.enum(triviumErrorCodes).catch('internal'),
      message: z.string(),
    })
    .optional()
    .describe('Why it failed.'),
});
export type Job = z.output<typeof job>;

const jobId = z.string().min(1).describe('The id of a job.');

const line = ({ id, status, plugin, capability, createdAt }: Job) =>
  `${id}  ${status.padEnd(11)}  ${createdAt}  ${plugin} ${capability}`;

export const jobsList = defineCapability({
  plugin: 'jobs',
  name: 'jobs-list',
  title: 'List jobs',
  description: 'The jobs of this machine, newest first: what they run, their state, when they began.',
  input: z.object({
    status: jobStatus.optional(),
    limit: z.number().int().min(1).max(1000).default(50),
  }),
  progress: z.never(),
  output: z.object({ jobs: z.array(job.omit({ output: true })) }),
  effects: readOnly,
  commandLine: { examples: ['jobs', 'jobs list --status running'] },
  readable: ({ jobs }) => jobs.map((entry) => line(entry as Job)).join('\n') || 'There are no jobs.',
});

export const jobsShow = defineCapability({
  plugin: 'jobs',
  name: 'jobs-show',
  title: 'Show a job',
  description: 'One job: its state, its last progress, its output or its error.',
  input: z.object({ id: jobId }),
  progress: z.never(),
  output: job,
  effects: readOnly,
  commandLine: { positional: 'id', examples: ['jobs show 01JD7Z'] },
  readable: (shown) =>
    [
      line(shown),
      shown.error && `error: ${shown.error.message} (${shown.error.code})`,
      shown.status === 'running' && shown.progress !== undefined && JSON.stringify(shown.progress),
      shown.output !== undefined && JSON.stringify(shown.output, null, 2),
    ]
      .filter(Boolean)
      .join('\n'),
});

export const jobsWatch = defineCapability({
  plugin: 'jobs',
  name: 'jobs-watch',
  title: 'Follow a job',
  description: 'The progress of a job from an event on, as it happens, until the job ends; answers the job.',
  input: z.object({
    id: jobId,
    after: z.number().int().min(0).default(0).describe('Events to leave out, as many as were seen before.'),
  }),
  progress: z.object({ type: z.literal('job-progress'), event: z.number().int(), progress: z.unknown() }),
  output: job,
  effects: readOnly,
  commandLine: { positional: 'id', examples: ['jobs watch 01JD7Z'] },
  readable: line,
  failure: ({ status, error }) =>
    status === 'succeeded' ? undefined : (error ?? { code: 'cancelled', message: `The job was ${status}.` }),
});

export const jobsCancel = defineCapability({
  plugin: 'jobs',
  name: 'jobs-cancel',
  title: 'Cancel a job',
  description: 'Asks a job to stop, whichever process runs it, and answers it as it is then.',
  input: z.object({ id: jobId }),
  progress: z.never(),
  output: job,
  effects: { writes: true, destructive: false, network: false },
  commandLine: { positional: 'id', examples: ['jobs cancel 01JD7Z'] },
  readable: line,
});
