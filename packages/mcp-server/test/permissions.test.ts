/** Which tools a server offers: what downloads or destroys only where it was allowed, and never where nothing is written. */
import { documents, Host, models } from '@trivium/sdk';
import { afterAll, describe, expect, it } from 'vitest';
import { type ToolSettings, toolsOf } from '../src/capability-tools.js';

const host = new Host();
afterAll(() => host[Symbol.asyncDispose]());
const toolsWith = (settings: Partial<ToolSettings>) =>
  toolsOf([documents, models], { host, root: '/', ...settings });
const names = (settings: Partial<ToolSettings>) => toolsWith(settings).map(({ name }) => name);

describe('tools', () => {
  it('that download or destroy are left out unless they are allowed', () => {
    const careful = names({});
    expect(careful).toEqual(expect.arrayContaining(['documents_ask', 'models_list', 'models_verify']));
    expect(careful).not.toContain('models_pull');
    expect(careful).not.toContain('models_remove');
    expect(names({ allowNetwork: true })).toContain('models_pull');
    expect(names({ allowNetwork: true })).not.toContain('models_remove');
    expect(names({ allowDestructive: true })).toContain('models_remove');
  });

  it('that write are left out of a server that only reads, whatever else is allowed', () => {
    const reading = names({ readOnly: true, allowNetwork: true, allowDestructive: true });
    expect(reading).not.toContain('models_pull');
    expect(reading).not.toContain('models_remove');
    expect(reading).toContain('models_list');
  });

  it('that take a model are of an open world only where they may fetch it', () => {
    const open = (settings: Partial<ToolSettings>) =>
      toolsWith(settings).find(({ name }) => name === 'models_generate')!.annotations.openWorldHint;
    expect([open({}), open({ allowNetwork: true }), open({ allowNetwork: true, readOnly: true })]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('refuse a model of the hub with the flag that would allow it', async () => {
    const tool = toolsWith({}).find(({ name }) => name === 'models_generate')!;
    const answer = await tool.run(
      { model: 'hf:org/repo', prompt: 'x' },
      { signal: new AbortController().signal },
    );
    expect(answer).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('--allow-network') }],
    });
  });
});
