/** Calls of tools take the places that a server has, and give them back however they end. */
import { Admission, documents, Host, jobs, models } from '@trivium/sdk';
import { afterAll, expect, it } from 'vitest';
import { toolsOf } from '../src/capability-tools.js';

const host = new Host();
afterAll(() => host[Symbol.asyncDispose]());
const { signal } = new AbortController();

it('a call waits for a place, is refused where too many wait, and leaves', async () => {
  const admission = new Admission({ maxConcurrent: 1, maxQueued: 1 });
  const tools = toolsOf([documents, models], { host, root: '/', admission });
  const list = tools.find(({ name }) => name === 'models_list')!;
  const leave = await admission.enter(signal);
  const waiting = list.run({}, { signal });
  const refused = await list.run({}, { signal });
  expect(refused).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining('1 calls run and 1 wait already') }],
  });
  expect([admission.running, admission.waiting]).toEqual([1, 1]);
  leave();
  expect((await waiting).isError).toBe(false);
  const ask = tools.find(({ name }) => name === 'documents_ask')!;
  expect((await ask.run({ question: 'x', paths: ['/no/such/file'] }, { signal })).isError).toBe(true);
  expect([admission.running, admission.waiting]).toEqual([0, 0]);
});

it('a call that is cancelled while it waits takes no place', async () => {
  const admission = new Admission({ maxConcurrent: 1 });
  const [list] = toolsOf([models], { host, root: '/', admission });
  const leave = await admission.enter(signal);
  const controller = new AbortController();
  const waiting = list!.run({}, { signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toThrow();
  leave();
  expect([admission.running, admission.waiting]).toEqual([0, 0]);
});

it('what tells of jobs waits for no place', async () => {
  const admission = new Admission({ maxConcurrent: 1, maxQueued: 0 });
  const tools = toolsOf([jobs], { host, root: '/', admission });
  await admission.enter(signal);
  const answer = await tools.find(({ name }) => name === 'jobs_list')!.run({}, { signal });
  expect(answer.isError).toBe(false);
});
