/**
 * `/v1/jobs`: list, show, cancel and follow. A job is told of only where this server could have started it: its capability is
 * served, and its paths lie inside the root. Refuses to know: how jobs run.
 */
import {
  type AnyCapability,
  type CallFrame,
  callFrame,
  contracts,
  errorBody,
  type Job,
  TriviumError,
} from '@trivium/protocol';
import { z } from 'zod';
import { confine, relativePaths } from '../../host/index.js';
import { eventStream, frameOf } from '../event-stream.js';
import { type AnyRoute, type RouteCall, route } from '../route.js';
import { confinementOf, type ServerContext } from '../server-context.js';
import { servedCapabilities } from './capability-routes.js';
import { jobFailure, shownJob } from './shown-job.js';

const params = z.object({ id: z.string().min(1) });
const notFound = { description: 'There is no such job.' };

/** Whether a caller of a server could have started a job. */
type IsOurs = (job: Job) => Promise<boolean>;

/** Jobs that a server remembers to be its own or not; 21 characters each. */
const mostKnown = 10_000;

export function jobRoutes(context: ServerContext): AnyRoute[] {
  const { jobs } = context.host;
  const isOurs = knownOnce(context);
  const shown = (job: Job) => shownJob(job, context.root);
  return [
    route({
      method: 'get',
      path: '/v1/jobs',
      id: 'listJobs',
      tag: 'Jobs',
      summary: 'Jobs, newest first, without their outputs',
      query: z.object({
        status: contracts.jobStatus.optional(),
        limit: z.coerce.number().int().min(1).max(1000).default(50),
      }),
      answers: {
        200: {
          description: 'The jobs.',
          json: z.object({ jobs: z.array(contracts.job.omit({ output: true })) }),
        },
      },
      handle: async ({ query: { status, limit } }) => {
        const found = await jobs.list({ status, limit, where: isOurs });
        return Response.json({ jobs: found.map(shown) });
      },
    }),
    route({
      method: 'get',
      path: '/v1/jobs/{id}',
      id: 'getJob',
      tag: 'Jobs',
      summary: 'A job: its state, its last progress, its output or its error',
      params,
      answers: { 200: { description: 'The job.', json: contracts.job }, 404: notFound },
      handle: async ({ params: { id } }) => Response.json(shown(await ownJob(id, context, isOurs))),
    }),
    route({
      method: 'post',
      path: '/v1/jobs/{id}/cancel',
      id: 'cancelJob',
      tag: 'Jobs',
      summary: 'Asks a job to stop',
      params,
      answers: { 200: { description: 'The job as it is then.', json: contracts.job }, 404: notFound },
      handle: async ({ params: { id } }) => {
        await ownJob(id, context, isOurs);
        return Response.json(shown(await jobs.cancel(id)));
      },
    }),
    route({
      method: 'get',
      path: '/v1/jobs/{id}/events',
      id: 'followJob',
      tag: 'Jobs',
      summary: 'The progress of a job as it comes, until it ends',
      description:
        'The `id` of an event is its number; `last-event-id` or `after` leaves out what was seen before.',
      params,
      query: z.object({ after: z.coerce.number().int().min(0).optional() }),
      answers: { 200: { description: 'Frames of the call.', events: callFrame }, 404: notFound },
      handle: async (call) => {
        await ownJob(call.params.id, context, isOurs);
        const last = Number(call.request.headers.get('last-event-id') ?? Number.NaN);
        const after = call.query.after ?? (Number.isSafeInteger(last) && last >= 0 ? last : 0);
        return eventStream(call, frames(call.params.id, after, call, context));
      },
    }),
  ];
}

async function* frames(
  id: string,
  after: number,
  { signal, failure }: RouteCall,
  { host, root }: ServerContext,
): AsyncGenerator<string, void, void> {
  const frame = (one: CallFrame, number?: number) =>
    frameOf({ data: JSON.stringify(one), ...(number !== undefined && { id: number }) });
  const watching = host.jobs.watch(id, { after, signal });
  try {
    for (;;) {
      const step = await watching.next();
      if (step.done) {
        yield frame(lastFrame(step.value, root));
        return;
      }
      const { event, progress } = step.value;
      yield frame({ type: 'progress', progress: relativePaths(progress, root) }, event);
    }
  } catch (error) {
    yield frame({ type: 'error', ...errorBody(failure(error)) });
  } finally {
    await watching.return(undefined as never).catch(() => {});
  }
}

/** How a job ended, as a call ends. */
function lastFrame(job: Job, root: string): CallFrame {
  if (job.status === 'succeeded') return { type: 'output', output: relativePaths(job.output, root) };
  const error = job.error ?? { code: 'cancelled' as const, message: `The job was ${job.status}.` };
  return { type: 'error', ...errorBody(jobFailure(error, root)) };
}

/** @throws TriviumError `not-found`, also for a job that is none of this server's */
async function ownJob(id: string, { host }: ServerContext, isOurs: IsOurs): Promise<Job> {
  const job = await host.jobs.get(id);
  if (await isOurs(job)) return job;
  throw new TriviumError('not-found', `There is no job "${id}".`, {
    field: 'id',
    found: id,
    remedy: '/v1/jobs lists them.',
  });
}

/** Finds out once for each job: neither its input, which may be long, nor what a server may open ever changes. */
function knownOnce(context: ServerContext): IsOurs {
  const served = servedCapabilities(context);
  const known = new Map<string, boolean>();
  return async (job) => {
    const implementation = served.find(
      ({ capability }) => capability.plugin === job.plugin && capability.name === job.capability,
    );
    if (!implementation) return false;
    const before = known.get(job.id);
    if (before !== undefined) return before;
    try {
      const isOurs = await isConfined(
        implementation.capability,
        await context.host.jobs.input(job.id),
        context,
      );
      known.set(job.id, isOurs);
      // The first that was asked for goes; were it asked for again, it would be read again.
      if (known.size > mostKnown) known.delete(known.keys().next().value!);
      return isOurs;
    } catch {
      // Its log was removed meanwhile, or cannot be read now.
      return false;
    }
  };
}

/** What a server starts is confined already; a path that is not was meant from another folder. */
async function isConfined(
  capability: AnyCapability,
  input: unknown,
  context: ServerContext,
): Promise<boolean> {
  try {
    const confined = await confine(capability, input as Record<string, unknown>, confinementOf(context));
    return JSON.stringify(confined) === JSON.stringify(input);
  } catch (error) {
    if (error instanceof TriviumError) return false;
    throw error;
  }
}
