/** Tools of the conformance suite: every kind of content, progress, a log, and questions back to the client. */
import { setTimeout as sleep } from 'node:timers/promises';
import { questions } from './questions.mjs';
import { pixel, silence } from './samples.mjs';

const text = (words) => ({ type: 'text', text: words });
const image = { type: 'image', data: pixel, mimeType: 'image/png' };
const answer = (...content) => ({ content, isError: false });

/** @returns {import('@trivium/mcp-server').Tool} */
const tool = (name, description, run, inputSchema = { type: 'object', properties: {} }) => ({
  name,
  description,
  inputSchema,
  run,
});

const contents = [
  tool('test_simple_text', 'Answers a text.', async () =>
    answer(text('This is a simple text response for testing.')),
  ),
  tool('test_image_content', 'Answers a picture.', async () => answer(image)),
  tool('test_audio_content', 'Answers a sound.', async () =>
    answer({ type: 'audio', data: silence, mimeType: 'audio/wav' }),
  ),
  tool('test_embedded_resource', 'Answers a resource with its content.', async () =>
    answer({
      type: 'resource',
      resource: {
        uri: 'test://embedded-resource',
        mimeType: 'text/plain',
        text: 'This is an embedded resource content.',
      },
    }),
  ),
  tool('test_multiple_content_types', 'Answers a text, a picture and a resource.', async () =>
    answer(text('Multiple content types test:'), image, {
      type: 'resource',
      resource: {
        uri: 'test://mixed-content-resource',
        mimeType: 'application/json',
        text: JSON.stringify({ test: 'data', value: 123 }),
      },
    }),
  ),
];

const flows = [
  tool('test_tool_with_logging', 'Writes three lines to the log.', async (_input, { log, signal }) => {
    log?.('info', 'Tool execution started');
    await sleep(50, undefined, { signal });
    log?.('info', 'Tool processing data');
    await sleep(50, undefined, { signal });
    log?.('info', 'Tool execution completed');
    return answer(text('Wrote three lines.'));
  }),
  tool('test_error_handling', 'Always fails.', async () => {
    throw new Error('This tool intentionally returns an error for testing');
  }),
  tool('test_tool_with_progress', 'Reports progress.', async (_input, { onProgress, signal }) => {
    for (const done of [0, 50, 100]) {
      onProgress?.({ done, total: 100 });
      if (done < 100) await sleep(50, undefined, { signal });
    }
    return answer(text('Reported progress.'));
  }),
  tool('test_reconnection', 'Ends its stream before it answers.', async (_input, { closeStream, signal }) => {
    await sleep(50, undefined, { signal });
    closeStream?.();
    await sleep(100, undefined, { signal });
    return answer(text('Answered after the stream was closed.'));
  }),
];

const schemas = [
  tool(
    'json_schema_2020_12_tool',
    'Tool with JSON Schema 2020-12 features',
    async () => answer(text('Done.')),
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: {
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
      additionalProperties: false,
    },
  ),
];

export const tools = [...contents, ...flows, ...schemas, ...questions];
