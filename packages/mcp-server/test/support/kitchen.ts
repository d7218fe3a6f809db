/** What a server with one tool, written by hand in a test, answers to a client that begins. */
export const kitchenAnswers = (protocolVersion: string): Record<string, unknown> => ({
  initialize: {
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'kitchen', version: '1' },
  },
  'tools/list': { tools: [{ name: 'steep', inputSchema: { type: 'object' } }] },
});
