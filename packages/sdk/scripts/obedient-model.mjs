/**
 * A deterministic model (V4) for clients that we did not write: it calls the tool it is told to call, or the first one while
 * no result is there, answers JSON where JSON is asked for, and words otherwise. Knows no server.
 */
const usage = {
  inputTokens: { total: 12, noCache: 12, cacheRead: 0, cacheWrite: undefined },
  outputTokens: { total: 6, text: 6, reasoning: 0 },
};

/** The least value that a JSON Schema takes, as far as clients' tests go. */
export function exampleOf(schema = {}) {
  if ('const' in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const [option] = schema.anyOf ?? schema.oneOf ?? [];
  if (option) return exampleOf(option);
  const type = Array.isArray(schema.type)
    ? schema.type[0]
    : (schema.type ?? (schema.properties ? 'object' : 'string'));
  if (type === 'object')
    return Object.fromEntries(
      Object.entries(schema.properties ?? {}).map(([name, one]) => [name, exampleOf(one)]),
    );
  if (type === 'array') return Array.from({ length: schema.minItems ?? 1 }, () => exampleOf(schema.items));
  if (type === 'integer' || type === 'number') return schema.minimum ?? 4;
  if (type === 'boolean') return true;
  return type === 'null' ? null : 'Oslo';
}

function answer({ prompt, tools = [], toolChoice, responseFormat, maxOutputTokens }) {
  const wants = toolChoice?.type ?? 'auto';
  const functions = tools.filter(({ type }) => type === 'function');
  if (functions.length > 0 && wants !== 'none' && prompt.at(-1)?.role !== 'tool') {
    const { name, inputSchema } =
      functions.find((tool) => tool.name === toolChoice?.toolName) ?? functions[0];
    const input = JSON.stringify(exampleOf(inputSchema));
    return {
      parts: [{ type: 'tool-call', toolCallId: `call_${prompt.length}`, toolName: name, input }],
      unified: 'tool-calls',
    };
  }
  const whole =
    responseFormat?.type === 'json'
      ? JSON.stringify(exampleOf(responseFormat.schema ?? { type: 'object' }))
      : 'The answer is 42, red, Oslo.';
  const words = whole.match(/\s*\S+/g) ?? [];
  const isCut = maxOutputTokens !== undefined && words.length > maxOutputTokens;
  const text = isCut ? words.slice(0, maxOutputTokens).join('') : whole;
  return { parts: [{ type: 'text', text }], unified: isCut ? 'length' : 'stop' };
}

export const obedientModel = (specificationVersion = 'v4') => ({
  specificationVersion,
  provider: 'trivium.obedient',
  modelId: 'obedient',
  supportedUrls: {},
  async doGenerate(options) {
    const { parts, unified } = answer(options);
    return { content: parts, finishReason: { unified, raw: undefined }, usage, warnings: [] };
  },
  async doStream(options) {
    const { parts, unified } = answer(options);
    const [part] = parts;
    const half = Math.ceil((part.text ?? part.input).length / 2);
    const pieces = [(part.text ?? part.input).slice(0, half), (part.text ?? part.input).slice(half)];
    const body =
      part.type === 'text'
        ? [
            { type: 'text-start', id: '0' },
            ...pieces.map((delta) => ({ type: 'text-delta', id: '0', delta })),
            { type: 'text-end', id: '0' },
          ]
        : [
            { type: 'tool-input-start', id: part.toolCallId, toolName: part.toolName },
            ...pieces.map((delta) => ({ type: 'tool-input-delta', id: part.toolCallId, delta })),
            { type: 'tool-input-end', id: part.toolCallId },
            part,
          ];
    const all = [
      { type: 'stream-start', warnings: [] },
      ...body,
      { type: 'finish', finishReason: { unified, raw: undefined }, usage },
    ];
    return {
      stream: new ReadableStream({
        start(controller) {
          for (const one of all) controller.enqueue(one);
          controller.close();
        },
      }),
    };
  },
});
