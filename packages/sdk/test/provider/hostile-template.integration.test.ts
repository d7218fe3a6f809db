/** Chat templates are code of whoever made the file: they may loop, grow and throw, and the process goes on. */
import { describe, expect, it } from 'vitest';
import { ScriptedEngine } from './scripted-engine.js';

const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }];
const call = (chatTemplate: string) =>
  new ScriptedEngine({ chatTemplate, answers: ['x'] }).languageModel('v4').doGenerate({ prompt });

describe('a chat template', () => {
  it.each([
    ['counts for ever', '{% for i in range(1000000000) %}x{% endfor %}'],
    ['loops in loops', '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}'],
  ])('that %s is ended', async (_, template) => {
    await expect(call(template)).rejects.toMatchObject({
      code: 'bad-format',
      field: 'tokenizer.chat_template',
      message: expect.stringContaining('without an end'),
    });
  });

  it.each([
    [
      'grows for ever',
      "{% set n = namespace(s='ab') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s }}",
    ],
    ['indents for ever', "{{ 'a' | indent(1000000000) }}"],
    ['throws', "{{ raise_exception('not me') }}"],
  ])('that %s is an error of the call', async (_, template) => {
    await expect(call(template)).rejects.toMatchObject({ code: 'invalid-argument', field: 'prompt' });
  });

  it('that does not parse says so', async () => {
    await expect(call('{% for %}')).rejects.toMatchObject({ field: expect.any(String) });
  });

  it('works after one that did not', async () => {
    await call('{% for i in range(1000000000) %}x{% endfor %}').catch(() => {});
    const { content } = await call('{{ messages[0].content }}');
    expect(content).toEqual([expect.objectContaining({ type: 'text', text: 'x' })]);
  });
});
