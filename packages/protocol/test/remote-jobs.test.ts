/** Jobs over the wire, against answers that are scripted: what is asked, what is refused, and connections that break. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  cancelJob,
  defineCapability,
  followJob,
  getJob,
  type Job,
  jobPath,
  listJobs,
  startJob,
} from '../src/index.js';

const count = defineCapability({
  plugin: 'words',
  name: 'count-words',
  title: 'Count words',
  description: 'Counts words.',
  input: z.object({ text: z.string() }),
  progress: z.object({ done: z.number() }),
  output: z.object({ words: z.number() }),
  effects: { writes: false, destructive: false, network: false },
});

const job: Job = {
  id: 'a/b',
  plugin: 'words',
  capability: 'count-words',
  status: 'running',
  createdAt: '2026-01-01T00:00:00.000Z',
  events: 0,
};

const progress = (event: number) =>
  `id: ${event}\ndata: {"type":"progress","progress":{"done":${event}}}\n\n`;
const output = 'id: 9\ndata: {"type":"output","output":{"words":9}}\n\n';
const failure = 'data: {"type":"error","error":{"code":"unavailable","message":"No model answers."}}\n\n';
const sent = (text: string) => new Response(text, { headers: { 'content-type': 'text/event-stream' } });
const broken = (text: string) => {
  const chunks = [new TextEncoder().encode(text)];
  const body = new ReadableStream({
    pull: (controller) => {
      const chunk = chunks.shift();
      if (chunk) controller.enqueue(chunk);
      else controller.error(new TypeError('terminated'));
    },
  });
  return new Response(body);
};

/** An endpoint that gives these answers in order, and what it was asked. */
function scripted(...answers: (() => Response)[]) {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (url, init) => {
    asked.push(`${init?.method ?? 'GET'} ${url}`);
    const answer = answers.shift();
    if (!answer) throw new TypeError('fetch failed');
    return answer();
  };
  return { endpoint: { baseUrl: 'http://server', fetch }, asked };
}

async function follow(
  endpoint: Parameters<typeof followJob>[0],
  settings: Parameters<typeof followJob>[2] = {},
) {
  const seen: unknown[] = [];
  const events = followJob(endpoint, 'a/b', settings);
  for (;;) {
    const step = await events.next();
    if (step.done) return { seen, output: step.value };
    seen.push(step.value);
  }
}

describe('a job on a server', () => {
  it('that failed with a code of a newer server is told of all the same', async () => {
    const failed = { ...job, status: 'failed', error: { code: 'timeout', message: 'It took too long.' } };
    const { endpoint } = scripted(() => Response.json({ jobs: [job, failed] }));
    expect(await listJobs(endpoint)).toMatchObject([
      { id: job.id },
      { error: { code: 'internal', message: 'It took too long.' } },
    ]);
  });

  it('is started, shown, listed and cancelled', async () => {
    const { endpoint, asked } = scripted(
      () => Response.json(job, { status: 202 }),
      () => Response.json(job),
      () => Response.json({ jobs: [job] }),
      () => Response.json({ ...job, status: 'cancelled' }),
    );
    expect(await startJob(count, { text: 'a' }, endpoint)).toEqual(job);
    expect(await getJob(endpoint, job.id)).toEqual(job);
    expect(await listJobs(endpoint, { status: 'running', limit: 3 })).toEqual([job]);
    expect((await cancelJob(endpoint, job.id)).status).toBe('cancelled');
    expect(asked).toEqual([
      'POST http://server/v1/capabilities/words/count-words',
      'GET http://server/v1/jobs/a%2Fb',
      'GET http://server/v1/jobs?status=running&limit=3',
      'POST http://server/v1/jobs/a%2Fb/cancel',
    ]);
    expect(jobPath('x')).toBe('/v1/jobs/x');
  });

  it('is followed over broken connections, each event once', async () => {
    const { endpoint, asked } = scripted(
      () => broken(progress(1) + progress(2)),
      () => sent(progress(3)),
      () => Response.json({ error: { code: 'unavailable', message: 'Starting.' } }, { status: 503 }),
      () => sent(progress(4) + output),
    );
    const connections: boolean[] = [];
    const { seen, output: answer } = await follow(endpoint, {
      capability: count,
      onConnection: (isConnected) => connections.push(isConnected),
    });
    expect(seen).toEqual([1, 2, 3, 4].map((event) => ({ event, progress: { done: event } })));
    expect(answer).toEqual({ words: 9 });
    expect(asked.map((line) => line.split('after=')[1])).toEqual(['0', '2', '3', '3']);
    expect(connections).toEqual([false, true, false, true]);
  });

  it('throws what the job failed with, also where a connection could fail with it', async () => {
    const { endpoint, asked } = scripted(() => sent(progress(1) + failure));
    await expect(follow(endpoint)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'No model answers.',
    });
    expect(asked).toHaveLength(1);
  });

  it('gives up where nobody answers, and at once where the job is not known', async () => {
    const { endpoint, asked } = scripted();
    await expect(follow(endpoint, { maxFailures: 1 })).rejects.toMatchObject({ code: 'network' });
    expect(asked).toHaveLength(2);
    const missing = scripted(() =>
      Response.json({ error: { code: 'not-found', message: 'No job.' } }, { status: 404 }),
    );
    const connections: boolean[] = [];
    const onConnection = (isConnected: boolean) => connections.push(isConnected);
    await expect(follow(missing.endpoint, { onConnection })).rejects.toMatchObject({ code: 'not-found' });
    expect(missing.asked).toHaveLength(1);
    expect(connections).toEqual([false]);
  });

  it('says that it is disconnected before it gives up on answers that end at once', async () => {
    const { endpoint, asked } = scripted(
      () => sent(''),
      () => sent(''),
    );
    const connections: boolean[] = [];
    const onConnection = (isConnected: boolean) => connections.push(isConnected);
    const following = follow(endpoint, { maxFailures: 1, onConnection });
    await expect(following).rejects.toMatchObject({ code: 'network' });
    expect(asked).toHaveLength(2);
    expect(connections).toEqual([false, true, false]);
  });

  it('stops being followed when told to, also while it waits for a connection', async () => {
    const { endpoint } = scripted();
    const controller = new AbortController();
    const following = follow(endpoint, {
      signal: controller.signal,
      onConnection: () => controller.abort(new Error('enough')),
    });
    await expect(following).rejects.toThrow('enough');
  });

  it('is refused where it is none, or says what its capability does not', async () => {
    const { endpoint } = scripted(
      () => Response.json({ id: 3 }),
      () => new Response('<html>', { status: 200 }),
    );
    await expect(getJob(endpoint, 'x')).rejects.toMatchObject({ code: 'internal' });
    await expect(getJob(endpoint, 'x')).rejects.toMatchObject({ code: 'network' });
    const wrong = scripted(() => sent('id: 1\ndata: {"type":"progress","progress":{"done":"all"}}\n\n'));
    await expect(follow(wrong.endpoint, { capability: count })).rejects.toMatchObject({ code: 'internal' });
    const garbled = scripted(
      () => sent('data: {oops\n\n'),
      () => sent('data: {oops\n\n'),
    );
    await expect(follow(garbled.endpoint, { maxFailures: 1 })).rejects.toMatchObject({ found: '{oops' });
    expect(garbled.asked).toHaveLength(2);
  });
});
