/**
 * A server for the MCP conformance suite, built with the binder that serves Trivium: what is shown here of a surface is all
 * there is to it. It listens on a free port, says where, and ends when its standard input does; or it speaks over standard input and output.
 * Usage: node examples/conformance-server/server.mjs [--port N | --stdio]
 */
import { parseArgs } from 'node:util';
import { serveHttp, serveStdio } from '@trivium/mcp-server';
import { surface } from './surface.mjs';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, stdio: { type: 'boolean' } },
});
if (values.stdio) await serveStdio(surface, new AbortController().signal);
else {
  const server = await serveHttp({ surface, port: Number(values.port) });
  console.log(server.url);
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('end', resolve).once('close', resolve));
  await server.close();
}
