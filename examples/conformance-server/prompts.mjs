/** Prompts of the conformance suite. */
import { pixel } from './samples.mjs';

const user = (content) => ({ role: 'user', content });
const text = (words) => ({ type: 'text', text: words });

/** @type {import('@trivium/mcp-server').Prompt[]} */
export const prompts = [
  {
    name: 'test_simple_prompt',
    description: 'A prompt without arguments.',
    get: async () => [user(text('This is a simple prompt for testing.'))],
  },
  {
    name: 'test_prompt_with_arguments',
    description: 'A prompt with two arguments.',
    arguments: [
      { name: 'arg1', description: 'First test argument', required: true },
      { name: 'arg2', description: 'Second test argument', required: true },
    ],
    get: async ({ arg1, arg2 }) => [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
    complete: async (_argument, typed) => ['paris', 'park', 'party'].filter((word) => word.startsWith(typed)),
  },
  {
    name: 'test_prompt_with_embedded_resource',
    description: 'A prompt that brings a resource.',
    arguments: [{ name: 'resourceUri', description: 'URI of the resource to embed', required: true }],
    get: async ({ resourceUri }) => [
      user({
        type: 'resource',
        resource: {
          uri: resourceUri,
          mimeType: 'text/plain',
          text: 'Embedded resource content for testing.',
        },
      }),
      user(text('Please process the embedded resource above.')),
    ],
  },
  {
    name: 'test_prompt_with_image',
    description: 'A prompt that brings a picture.',
    get: async () => [
      user({ type: 'image', data: pixel, mimeType: 'image/png' }),
      user(text('Please analyze the image above.')),
    ],
  },
];
