/**
 * A server for the MCP conformance suite, built with the binder that serves Trivium: what is shown here of a surface is all
 * there is to it. It listens on a free port, says where, and ends when its standard input does.
 * Usage: node examples/conformance-server/server.mjs [--port N]
 */
import { parseArgs } from 'node:util';
import { serveHttp } from '@trivium/mcp-server';
import { prompts } from './prompts.mjs';
import { resources } from './resources.mjs';
import { tools } from './tools.mjs';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const surface = {
  name: 'trivium-conformance',
  version: '1.0.0',
  instructions: 'Answers what the conformance suite asks.',
  tools,
  resources,
  prompts,
  logging: true,
};
const server = await serveHttp({ surface, port: Number(values.port) });
console.log(server.url);
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('end', resolve).once('close', resolve));
await server.close();
