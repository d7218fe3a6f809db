/** Schemas as applications have them, and documents that satisfy them, with real words inside. Knows no engine. */

const text = (random, words, most) => {
  const at = Math.floor(random() * (words.length - most));
  return words.slice(at, at + 1 + Math.floor(random() * most)).join(' ');
};
const whole = (random, most) => Math.floor(random() * most);
const list = (random, most, make) => Array.from({ length: 1 + whole(random, most) }, make);

const string = { type: 'string' };
const closed = (properties, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const codes = Array.from({ length: 200 }, (_, i) => `code-${(i * 7919) % 1000}-${i.toString(36)}`);

export const grammarCases = [
  {
    name: 'person',
    schema: closed({
      name: string,
      age: { type: 'integer', minimum: 0, maximum: 130 },
      email: { type: 'string', format: 'email' },
      tags: { type: 'array', items: string, maxItems: 5 },
    }),
    document: (r, w) => ({
      name: text(r, w, 3),
      age: whole(r, 130),
      email: 'someone.else@example.org',
      tags: list(r, 5, () => text(r, w, 1)),
    }),
  },
  {
    name: 'summary with bounded strings',
    schema: closed({
      title: { type: 'string', minLength: 1, maxLength: 120 },
      points: { type: 'array', minItems: 1, maxItems: 8, items: { type: 'string', maxLength: 300 } },
    }),
    document: (r, w) => ({
      title: text(r, w, 8).slice(0, 100),
      points: list(r, 8, () => text(r, w, 30).slice(0, 280)),
    }),
  },
  {
    name: 'tree by reference',
    schema: {
      $ref: '#/$defs/node',
      $defs: {
        node: closed({ label: string, children: { type: 'array', items: { $ref: '#/$defs/node' } } }),
      },
    },
    document: (r, w) => ({
      label: text(r, w, 2),
      children: list(r, 3, () => ({
        label: text(r, w, 4),
        children: list(r, 2, () => ({ label: text(r, w, 2), children: [] })),
      })),
    }),
  },
  {
    name: 'enum of 200',
    schema: closed({ code: { enum: codes }, reason: string }),
    document: (r, w) => ({ code: codes[whole(r, 200)], reason: text(r, w, 20) }),
  },
  {
    name: 'dates, ids and amounts',
    schema: closed({
      id: { type: 'string', format: 'uuid' },
      at: { type: 'string', format: 'date-time' },
      lines: {
        type: 'array',
        items: closed({
          sku: { type: 'string', pattern: '^[A-Z]{2,4}-\\d{3,6}$' },
          price: { type: 'number', minimum: 0, maximum: 99999.99 },
          count: { type: 'integer', minimum: 1 },
        }),
      },
    }),
    document: (r) => ({
      id: '123e4567-e89b-12d3-a456-426614174000',
      at: '2026-11-25T04:30:00Z',
      lines: list(r, 6, () => ({
        sku: `AB-${100 + whole(r, 899)}`,
        price: whole(r, 9_999_999) / 100,
        count: 1 + whole(r, 99),
      })),
    }),
  },
  {
    name: 'events of three kinds',
    schema: closed({
      events: {
        type: 'array',
        items: {
          anyOf: [
            closed({ type: { const: 'message' }, text: string }),
            closed({ type: { const: 'call' }, tool: string, arguments: { type: 'object' } }),
            closed({ type: { const: 'end' }, code: { type: ['integer', 'null'] } }),
          ],
        },
      },
    }),
    document: (r, w) => ({
      events: list(
        r,
        6,
        () =>
          [
            { type: 'message', text: text(r, w, 25) },
            {
              type: 'call',
              tool: text(r, w, 1),
              arguments: { [text(r, w, 1)]: [whole(r, 9), text(r, w, 3), null] },
            },
            { type: 'end', code: null },
          ][whole(r, 3)],
      ),
    }),
  },
  {
    name: 'forty optional properties',
    schema: {
      type: 'object',
      properties: Object.fromEntries(
        Array.from({ length: 40 }, (_, i) => [`option_${i}`, i % 3 ? string : { type: 'boolean' }]),
      ),
      additionalProperties: false,
    },
    document: (r, w) =>
      Object.fromEntries(
        Array.from({ length: 40 }, (_, i) => [`option_${i}`, i % 3 ? text(r, w, 6) : r() < 0.5]).filter(
          () => r() < 0.4,
        ),
      ),
  },
  {
    name: 'open object',
    schema: {
      type: 'object',
      properties: { id: { type: 'integer' } },
      additionalProperties: { type: 'string' },
    },
    document: (r, w) => ({
      id: whole(r, 1e6),
      ...Object.fromEntries(list(r, 8, () => [`${text(r, w, 1)}_`, text(r, w, 12)])),
    }),
  },
  {
    name: 'any JSON',
    schema: true,
    document: (r, w) => ({
      a: text(r, w, 10),
      b: [whole(r, 1e6), -1.5, true, null, { c: text(r, w, 30) }],
      d: {},
    }),
  },
];
