/** What is said on the stream of a session beside what its transport says. */
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';

export const eventText = ({ id, message }: { id: string; message: JSONRPCMessage }) =>
  `event: message\nid: ${id}\ndata: ${JSON.stringify(message)}\n\n`;

/** The stream, begun with the event that its client has seen last: clients of the SDK take up again what has an id alone. */
export function primed(response: Response, lastId: string): Response {
  if (!response.ok || !response.body) return response;
  const body = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(`id: ${lastId}\ndata: \n\n`)),
    }),
  );
  return new Response(body, response);
}
