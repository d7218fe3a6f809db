/** `/v1/capabilities`: what plugins bring, as JSON, as a stream of frames, or as a job. Paths stay inside the root. */
import {
  type AnyCapability,
  type CallFrame,
  callFrame,
  capabilityPath,
  contracts,
  errorBody,
  type Job,
} from '@trivium/protocol';
import { z } from 'zod';
import type { ServedImplementation } from '../../served/index.js';
import { eventStream, frameOf } from '../event-stream.js';
import { callerOf } from '../gate/caller.js';
import { type AnyRoute, type RouteCall, route } from '../route.js';
import type { ServerContext } from '../server-context.js';
import { bodySchema } from './body-schema.js';

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
  const { implementations } = context.folder;
  const list = implementations.map(({ capability }) => describe(capability));
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
    ...implementations.map((implementation) => capabilityRoute(implementation, context)),
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

function capabilityRoute(
  implementation: ServedImplementation,
  { folder, basePath }: ServerContext,
): AnyRoute {
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
      const caller = callerOf(call.request);
      const { signal, request, failure } = call;
      const input = await folder.confine(capability, call.body as Record<string, unknown>, signal);
      if (/\brespond-async\b/i.test(request.headers.get('prefer') ?? ''))
        return jobAnswer(await folder.start(implementation, input, caller), basePath);
      if (request.headers.get('accept')?.includes('text/event-stream'))
        return eventStream(call, frames(folder.stream(implementation, input, { signal, caller }), failure));
      return Response.json(await folder.invoke(implementation, input, { signal, caller }));
    },
  });
}

const jobAnswer = (job: Job, basePath: string) =>
  Response.json(job, {
    status: 202,
    headers: { location: `${basePath}/v1/jobs/${job.id}`, 'preference-applied': 'respond-async' },
  });

async function* frames(
  running: AsyncGenerator<unknown, unknown, void>,
  failure: RouteCall['failure'],
): AsyncGenerator<string, void, void> {
  const frame = (one: CallFrame) => frameOf({ data: JSON.stringify(one) });
  try {
    for (;;) {
      const step = await running.next();
      if (step.done) {
        yield frame({ type: 'output', output: step.value });
        return;
      }
      yield frame({ type: 'progress', progress: step.value });
    }
  } catch (error) {
    yield frame({ type: 'error', ...errorBody(failure(error)) });
  } finally {
    // The client left between two frames.
    await running.return(undefined).catch(() => {});
  }
}
