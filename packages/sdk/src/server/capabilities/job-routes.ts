/** `/v1/jobs`: list, show, cancel and follow. Refuses to know: how jobs run, which of them a caller is told of. */
import { type CallFrame, callFrame, contracts, errorBody, type Job, TriviumError } from '@trivium/protocol';
import { z } from 'zod';
import type { Jobs } from '../../jobs/index.js';
import { eventStream, frameOf } from '../event-stream.js';
import { callerOf } from '../gate/caller.js';
import { type AnyRoute, type RouteCall, route } from '../route.js';
import type { ServerContext } from '../server-context.js';

const params = z.object({ id: z.string().min(1) });
const notFound = { description: 'There is no such job.' };

export function jobRoutes({ folder }: ServerContext): AnyRoute[] {
  const jobsOf = ({ request }: Pick<RouteCall, 'request'>) => folder.jobs.of(callerOf(request));
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
      handle: async (call) => Response.json({ jobs: await jobsOf(call).list(call.query) }),
    }),
    route({
      method: 'get',
      path: '/v1/jobs/{id}',
      id: 'getJob',
      tag: 'Jobs',
      summary: 'A job: its state, its last progress, its output or its error',
      params,
      answers: { 200: { description: 'The job.', json: contracts.job }, 404: notFound },
      handle: async (call) => Response.json(await jobsOf(call).get(call.params.id)),
    }),
    route({
      method: 'post',
      path: '/v1/jobs/{id}/cancel',
      id: 'cancelJob',
      tag: 'Jobs',
      summary: 'Asks a job to stop',
      params,
      answers: { 200: { description: 'The job as it is then.', json: contracts.job }, 404: notFound },
      handle: async (call) => Response.json(await jobsOf(call).cancel(call.params.id)),
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
        const known = jobsOf(call);
        // One that is not there is told of by a status.
        await known.get(call.params.id);
        const last = Number(call.request.headers.get('last-event-id') ?? Number.NaN);
        const after = call.query.after ?? (Number.isSafeInteger(last) && last >= 0 ? last : 0);
        return eventStream(
          call,
          frames(known.watch(call.params.id, { after, signal: call.signal }), call, folder),
        );
      },
    }),
  ];
}

async function* frames(
  watching: ReturnType<Jobs['watch']>,
  { failure }: Pick<RouteCall, 'failure'>,
  folder: ServerContext['folder'],
): AsyncGenerator<string, void, void> {
  const frame = (one: CallFrame, number?: number) =>
    frameOf({ data: JSON.stringify(one), ...(number !== undefined && { id: number }) });
  try {
    for (;;) {
      const step = await watching.next();
      if (step.done) {
        yield frame(lastFrame(step.value));
        return;
      }
      const { event, progress } = step.value;
      yield frame({ type: 'progress', progress: folder.relative(progress) }, event);
    }
  } catch (error) {
    yield frame({ type: 'error', ...errorBody(failure(error)) });
  } finally {
    await watching.return(undefined as never).catch(() => {});
  }
}

/** How a job ended, as a call ends. */
function lastFrame({ status, output, error }: Job): CallFrame {
  if (status === 'succeeded') return { type: 'output', output };
  const { code, message, ...details } = error ?? { code: 'cancelled', message: `The job was ${status}.` };
  return { type: 'error', ...errorBody(new TriviumError(code, message, details)) };
}
