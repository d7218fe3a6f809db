/** All that the server offers. */
import { prompts } from './prompts.mjs';
import { resources } from './resources.mjs';
import { tools } from './tools.mjs';

/** @type {import('@trivium/mcp-server').McpSurface} */
export const surface = {
  name: 'trivium-conformance',
  version: '1.0.0',
  instructions: 'Answers what the conformance suite asks.',
  tools,
  resources,
  prompts,
  logging: true,
};
