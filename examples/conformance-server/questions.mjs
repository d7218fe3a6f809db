/**
 * Tools that ask back. A tool that needs an answer returns the question and is called again with it, so that the same code
 * serves clients that are asked at once and clients that come back with the answer.
 */

const answer = (words) => ({ content: [{ type: 'text', text: words }], isError: false });
const refuse = (words) => ({ content: [{ type: 'text', text: words }], isError: true });

const asks = (name, description, { schema, inputSchema, asked, says }) => ({
  name,
  description,
  inputSchema: inputSchema ?? { type: 'object', properties: {} },
  async run(input, { answers, canAsk }) {
    if (!canAsk?.elicit) return refuse('The client cannot be asked: it has no elicitation.');
    const given = answers?.form;
    if (given) return answer(says(given));
    return { questions: { form: { kind: 'elicit', text: asked(input), schema } } };
  },
});

const sampling = {
  name: 'test_sampling',
  description: "Asks the client's model.",
  inputSchema: {
    type: 'object',
    properties: { prompt: { type: 'string', description: 'What to ask.' } },
    required: ['prompt'],
  },
  async run({ prompt }, { answers, canAsk }) {
    if (!canAsk?.sample) return refuse('The client has no model to ask: it has no sampling.');
    const given = answers?.model;
    if (given) return answer(`LLM response: ${given.content?.text ?? JSON.stringify(given.content)}`);
    const messages = [{ role: 'user', content: { type: 'text', text: prompt } }];
    return { questions: { model: { kind: 'sample', messages, maxTokens: 100 } } };
  },
};

const completed = ({ action, content }) =>
  `Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`;

export const questions = [
  sampling,
  asks('test_elicitation', 'Asks the user.', {
    inputSchema: {
      type: 'object',
      properties: { message: { type: 'string', description: 'What the user is shown.' } },
      required: ['message'],
    },
    asked: ({ message }) => message,
    schema: {
      type: 'object',
      properties: {
        username: { type: 'string', description: "User's response" },
        email: { type: 'string', description: "User's email address" },
      },
      required: ['username', 'email'],
    },
    says: ({ action, content }) =>
      `User response: action: ${action}, content: ${JSON.stringify(content ?? {})}`,
  }),
  asks('test_elicitation_sep1034_defaults', 'Asks with defaults of every kind.', {
    asked: () => 'Please check what is filled in.',
    schema: {
      type: 'object',
      properties: {
        name: { type: 'string', description: 'Name', default: 'John Doe' },
        age: { type: 'integer', description: 'Age', default: 30 },
        score: { type: 'number', description: 'Score', default: 95.5 },
        status: {
          type: 'string',
          description: 'Status',
          enum: ['active', 'inactive', 'pending'],
          default: 'active',
        },
        verified: { type: 'boolean', description: 'Verified', default: true },
      },
      required: [],
    },
    says: completed,
  }),
  asks('test_elicitation_sep1330_enums', 'Asks with choices of every kind.', {
    asked: () => 'Please choose.',
    schema: {
      type: 'object',
      properties: {
        untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
        titledSingle: {
          type: 'string',
          oneOf: [
            { const: 'value1', title: 'First Option' },
            { const: 'value2', title: 'Second Option' },
            { const: 'value3', title: 'Third Option' },
          ],
        },
        legacyEnum: {
          type: 'string',
          enum: ['opt1', 'opt2', 'opt3'],
          enumNames: ['Option One', 'Option Two', 'Option Three'],
        },
        untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
        titledMulti: {
          type: 'array',
          items: {
            anyOf: [
              { const: 'value1', title: 'First Choice' },
              { const: 'value2', title: 'Second Choice' },
              { const: 'value3', title: 'Third Choice' },
            ],
          },
        },
      },
      required: [],
    },
    says: completed,
  }),
];
