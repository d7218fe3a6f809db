/** `/v1/scratch`: places for documents that lie with the caller, named by path in any call afterwards. */
import { z } from 'zod';
import { scratchIdPattern } from '../../served/scratch-paths.js';
import { type AnyRoute, route } from '../route.js';
import type { ServerContext } from '../server-context.js';

const id = z.string().regex(scratchIdPattern, 'is the id of no scratch folder');

/** What every system takes for the name of one file and nothing else; in bytes, for that is what file systems count. */
const fileName = z
  .string()
  .min(1)
  .refine((name) => new TextEncoder().encode(name).length <= 200, 'is longer than 200 bytes')
  .refine((name) => !/[/\\:*?"<>|\u0000-\u001f\u007f]/.test(name), 'holds what no file name may hold')
  .refine((name) => !/^[. ]|[. ]$/.test(name), 'begins or ends with a dot or a blank')
  .describe('A file name, with the extension that says what it is: `report.pdf`.');

const notFound = { description: 'There is no such folder.' };

/** None where nothing may be written. */
export function scratchRoutes({ scratch }: ServerContext): AnyRoute[] {
  if (!scratch) return [];
  return [
    route({
      method: 'post',
      path: '/v1/scratch',
      id: 'createScratchFolder',
      tag: 'Scratch',
      summary: 'A folder inside the root that documents may be put in',
      description:
        'Calls name what is in it by its path, also a checkpoint that they write. It goes when it is removed, with the server, or a day after its last file.',
      answers: {
        201: {
          description: 'The folder.',
          json: z.object({ id, path: z.string().describe("Relative to the server's root.") }),
        },
      },
      handle: async () => Response.json(await scratch.create(), { status: 201 }),
    }),
    route({
      method: 'put',
      path: '/v1/scratch/{id}/{name}',
      id: 'putScratchFile',
      tag: 'Scratch',
      summary: 'Puts a document into a scratch folder',
      description: 'Text, Markdown, HTML, PDF or source code; one of the same name is replaced.',
      params: z.object({ id, name: fileName }),
      takesBytes: true,
      answers: {
        201: {
          description: 'Where it lies.',
          json: z.object({ path: z.string(), bytes: z.number().int() }),
        },
        404: notFound,
      },
      isWork: true,
      handle: async ({ params, bytes }) =>
        Response.json(await scratch.put(params.id, params.name, bytes), { status: 201 }),
    }),
    route({
      method: 'delete',
      path: '/v1/scratch/{id}',
      id: 'removeScratchFolder',
      tag: 'Scratch',
      summary: 'Removes a scratch folder with all that is in it',
      params: z.object({ id }),
      answers: { 204: { description: 'It is gone.' }, 404: notFound },
      handle: async ({ params }) => {
        await scratch.remove(params.id);
        return new Response(null, { status: 204 });
      },
    }),
  ];
}
