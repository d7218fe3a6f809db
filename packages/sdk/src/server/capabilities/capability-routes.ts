/** `/v1/capabilities`: what plugins bring, as JSON, as a stream of frames, or as a job. Paths stay inside the root. */
import {
  type AnyCapability,
  type CallFrame,
  callFrame,
  capabilityPath,
  contracts,
  errorBody,
  type Implementation,
  invoke,
  stream,
} from '@trivium/protocol';
import { z } from 'zod';
import type { TriviumContext } from '../../host/index.js';
import type { Jobs } from '../../jobs/index.js';
import { confine, isAllowed, relativePaths } from '../../served/index.js';
import { eventStream, frameOf } from '../event-stream.js';
import { callerOf } from '../gate/caller.js';
import { type AnyRoute, type RouteCall, route } from '../route.js';
import { confinementOf, type ServerContext } from '../server-context.js';
import { bodySchema } from './body-schema.js';

type Served = Implementation<AnyCapability, TriviumContext>;

/** The implementations that the permissions leave. */
export function servedCapabilities({ plugins, permissions }: ServerContext): Served[] {
  return plugins
    .flatMap(({ capabilities }) => capabilities)
    .filter(({ capability }) => isAllowed(capability, permissions));
}

const effects = z.object({ writes: z.boolean(), destructive: z.boolean(), network: z.boolean() });
const jsonSchema = z.looseObject({}).describe('A JSON Schema.');
const listed = z.object({
  plugin: z.string(),
  name: z.string(),
  title: z.string(),
  description: z.string(),
  effects,
  input: jsonSchema,
  progress: jsonSchema,
  output: jsonSchema,
});

export function capabilityRoutes(context: ServerContext): AnyRoute[] {
  const served = servedCapabilities(context);
  const list = served.map(({ capability }) => describe(capability));
  return [
    route({
      method: 'get',
      path: '/v1/capabilities',
      id: 'listCapabilities',
      tag: 'Capabilities',
      summary: 'What plugins bring, with the schemas of input, progress and output',
      answers: { 200: { description: 'All of them.', json: z.object({ capabilities: z.array(listed) }) } },
      handle: () => Response.json({ capabilities: list }),
    }),
    ...served.map((implementation) => capabilityRoute(implementation, context)),
  ];
}

function describe(capability: AnyCapability) {
  const { plugin, name, title, description, effects } = capability;
  const schema = (of: z.ZodType, io: 'input' | 'output') =>
    z.toJSONSchema(of, { io, unrepresentable: 'any' });
  return {
    plugin,
    name,
    title,
    description,
    effects,
    input: schema(bodySchema(capability), 'input'),
    progress: schema(capability.progress, 'output'),
    output: schema(capability.output, 'output'),
  };
}

function capabilityRoute(implementation: Served, context: ServerContext): AnyRoute {
  const { capability } = implementation;
  return route({
    method: 'post',
    path: capabilityPath(capability) as `/${string}`,
    id: `${capability.plugin}_${capability.name}`.replaceAll('-', '_'),
    tag: 'Capabilities',
    summary: capability.title,
    description: `${capability.description} With \`accept: text/event-stream\` progress streams as it comes; with \`prefer: respond-async\` it becomes a job.`,
    body: bodySchema(capability),
    answers: {
      200: { description: 'What it answered.', json: capability.output, events: callFrame },
      202: {
        description: 'The job that it has become; `location` is where to follow it.',
        json: contracts.job,
      },
    },
    isWork: true,
    handle: async (call) => {
      const jobs = context.jobs.of(callerOf(call.request));
      const given = call.body as Record<string, unknown>;
      const input = await confine(capability, given, confinementOf(context), call.signal);
      if (/\brespond-async\b/i.test(call.request.headers.get('prefer') ?? ''))
        return startJob(implementation, input, jobs, context);
      if (call.request.headers.get('accept')?.includes('text/event-stream'))
        return eventStream(call, frames(implementation, input, call, context));
      const output = await invoke(implementation, input as never, context.host.context(call.signal, jobs));
      return Response.json(relativePaths(output, context.root));
    },
  });
}

async function startJob(
  implementation: Served,
  input: unknown,
  jobs: Jobs,
  { host, basePath }: ServerContext,
): Promise<Response> {
  const job = await jobs.start(implementation, input as never, (signal) => host.context(signal, jobs));
  return Response.json(job, {
    status: 202,
    headers: { location: `${basePath}/v1/jobs/${job.id}`, 'preference-applied': 'respond-async' },
  });
}

async function* frames(
  implementation: Served,
  input: unknown,
  { request, signal, failure }: RouteCall,
  { host, jobs, root }: ServerContext,
): AsyncGenerator<string, void, void> {
  const frame = (one: CallFrame) => frameOf({ data: JSON.stringify(one) });
  const running = stream(implementation, input as never, host.context(signal, jobs.of(callerOf(request))));
  try {
    for (;;) {
      const step = await running.next();
      if (step.done) {
        yield frame({ type: 'output', output: relativePaths(step.value, root) });
        return;
      }
      yield frame({ type: 'progress', progress: relativePaths(step.value, root) });
    }
  } catch (error) {
    yield frame({ type: 'error', ...errorBody(failure(error)) });
  } finally {
    // The client left between two frames.
    await running.return(undefined as never).catch(() => {});
  }
}
