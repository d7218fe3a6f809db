/**
 * Long work over MCP: one tool starts any other as a job and answers at once; the tools of the plugin `jobs` tell of it. A job
 * is confined and permitted exactly as its tool is, for it is the same tool.
 */
import { contracts, TriviumError } from '@trivium/protocol';
import type { ServedFolder } from '@trivium/sdk';
import { z } from 'zod';
import { answerOf, type CapabilityTool, isOfJobs, refuseCollisions } from './capability-tools.js';
import type { ContentBlock } from './surface/content.js';
import { failedAnswer } from './surface/requests.js';
import type { JsonSchema, Tool } from './surface/surface.js';
import { withoutRoot } from './without-root.js';

export const jobUri = (id: string) => `job:///${id}`;

/**
 * The tools with `jobs_start` beside them; without any that can be a job, as they are.
 * @throws TriviumError `invalid-argument` where a tool has its name
 */
export function withJobs(tools: readonly CapabilityTool[], folder: ServedFolder): Tool[] {
  const startable = tools.filter(({ implementation }) => !isOfJobs(implementation.capability));
  if (folder.permissions.readOnly || startable.length === 0) return [...tools];
  const all: Tool[] = [...tools, startTool(startable, folder)];
  refuseCollisions(all);
  return all;
}

function startTool(startable: readonly CapabilityTool[], folder: ServedFolder): Tool {
  const names = startable.map(({ name }) => name);
  return {
    name: 'jobs_start',
    title: 'Start a job',
    description:
      'Starts another tool of this server as a job and answers its id at once. For work that takes minutes: follow it with jobs_show or jobs_watch, stop it with jobs_cancel. Takes the same arguments as the tool.',
    inputSchema: {
      type: 'object',
      properties: {
        tool: { type: 'string', enum: names, description: 'The tool to run.' },
        arguments: { type: 'object', description: 'What the tool would be called with.' },
      },
      required: ['tool'],
    },
    outputSchema: z.toJSONSchema(contracts.job, { io: 'output', unrepresentable: 'any' }) as JsonSchema,
    annotations: {
      title: 'Start a job',
      readOnlyHint: false,
      destructiveHint: startable.some(({ annotations }) => annotations.destructiveHint),
      idempotentHint: false,
      openWorldHint: startable.some(({ annotations }) => annotations.openWorldHint),
    },
    async run(input, { signal, caller }) {
      const { tool: name, arguments: given = {} } = input;
      const tool = startable.find((one) => one.name === name);
      if (!tool) {
        return failedAnswer(
          new TriviumError('invalid-argument', `There is no tool ${String(name)} that can be a job.`, {
            field: 'tool',
            expected: names.join(', '),
            remedy: `Give one of: ${names.join(', ')}.`,
          }),
        );
      }
      if (typeof given !== 'object' || given === null || Array.isArray(given)) {
        return failedAnswer(
          new TriviumError('invalid-argument', 'The arguments of a job are an object.', {
            field: 'arguments',
            remedy: `Give what ${tool.name} would be called with.`,
          }),
        );
      }
      const { implementation } = tool;
      const { root } = folder;
      try {
        const confined = await folder.confine(implementation.capability, { ...given }, signal);
        const job = folder.relative(await folder.start(implementation, confined, caller));
        return answerOf(contracts.jobsShow, job, { root, linksOf: linkToJob });
      } catch (error) {
        throw withoutRoot(error, root);
      }
    },
  };
}

/** A link to the job that an answer is about. */
export function linkToJob(structured: Record<string, unknown>): ContentBlock[] {
  const { id, capability } = structured;
  if (typeof id !== 'string') return [];
  const link = { type: 'resource_link' as const, uri: jobUri(id), mimeType: 'application/json' };
  return [{ ...link, name: `job ${id}`, description: `${String(capability)}: its state and its result.` }];
}
