/** The wire server of these tests on a port of its own, for pages that talk to it as to any server. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TestProject } from 'vitest/node';
import { createWire, type Wire } from '../wire.js';
import { countedWords } from '../words.js';
import { scriptedWriting } from '../write-script.js';

declare module 'vitest' {
  interface ProvidedContext {
    wireUrl: string;
  }
}

const corsHeaders = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': '*',
};

async function answer(wire: Wire, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'OPTIONS') {
    response.writeHead(204, corsHeaders).end();
    return;
  }
  // What the pages of tests ask about the server itself.
  if (request.url === '/seen') {
    response
      .writeHead(200, corsHeaders)
      .end(JSON.stringify({ requests: wire.requests, aborted: wire.aborted }));
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const { status, headers, body } = await wire.fetch(request.url ?? '/', {
    method: request.method ?? 'GET',
    headers: request.headers as Record<string, string>,
    signal: gone.signal,
    ...(chunks.length > 0 && { body: Buffer.concat(chunks).toString() }),
  });
  response.writeHead(status, { ...Object.fromEntries(headers), ...corsHeaders });
  if (!body) response.end();
  // A client that goes ends the pipe; that is no failure here.
  else await pipeline(Readable.fromWeb(body as never), response).catch(() => {});
}

export default async function serve(project: TestProject): Promise<() => Promise<void>> {
  const wire = createWire([countedWords, scriptedWriting({ pauseMs: 100 }).implementation]);
  const server = createServer((request, response) => void answer(wire, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('wireUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}
