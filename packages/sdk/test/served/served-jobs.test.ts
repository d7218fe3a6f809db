/** How often a server looks into the logs of jobs to say who may know them; that it says so rightly is tested over HTTP. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { implement, type Job } from '@trivium/protocol';
import { afterEach, expect, it, vi } from 'vitest';
import { LineReader } from '../../src/base/line-reader.js';
import { JobStore, type Jobs } from '../../src/jobs/index.js';
import { ServedJobs } from '../../src/served/served-jobs.js';
import { endless } from '../jobs/endless.mjs';

afterEach(() => vi.restoreAllMocks());

const one = implement(endless, async function* () {
  return { steps: 1 };
});
const capabilities = [endless];
const within = (root: string) => ({ capabilities, confinement: { root, hub: false } });
const context = (signal: AbortSignal) => ({ signal });
const start = async (jobs: Jobs) => {
  const { id } = await jobs.start(one, {}, context);
  for await (const _ of jobs.watch(id));
  return id;
};
const idsOf = (jobs: readonly Job[]) => jobs.map(({ id }) => id);

/** The logs that are opened, by the ids of their jobs. */
function openedLogs(): string[] {
  const opened: string[] = [];
  const { open } = LineReader;
  vi.spyOn(LineReader, 'open').mockImplementation((path, fromByte) => {
    opened.push(basename(path, '.jsonl'));
    return open.call(LineReader, path, fromByte);
  });
  return opened;
}

it('looks into no job of another caller, and into the log of each once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trivium-served-jobs-'));
  await using jobs = new JobStore({ folder });
  const served = new ServedJobs({ jobs, ...within(folder) });
  const origin = vi.spyOn(jobs, 'origin');
  const mine = await start(served.of('bob'));
  const nobodys = await start(jobs);
  for (let started = 0; started < 3; started += 1) await start(served.of('alice'));
  // As after a start: nothing is known yet.
  await using others = new JobStore({ folder });
  const all = await others.ids();
  const opened = openedLogs();
  const whole = new ServedJobs({ jobs: others, ...within(folder) });
  expect(idsOf(await whole.of(undefined).list())).toHaveLength(5);
  expect(opened.toSorted()).toEqual([...all].sort());
  await jobs.list();
  opened.length = 0;
  origin.mockClear();
  // The store knows them, and not with what they were started.
  const fresh = new ServedJobs({ jobs, ...within(folder) });
  for (let asked = 0; asked < 2; asked += 1) {
    expect(idsOf(await fresh.of('bob').list())).toEqual([nobodys, mine]);
    expect(origin.mock.calls.map(([id]) => id)).toEqual([nobodys, mine]);
  }
  await rm(folder, { recursive: true });
});

/** A store that holds so many jobs, and counts how often one is looked into. */
function storeOf(count: number) {
  const ids = Array.from({ length: count }, (_, index) => `job${index}`);
  const origin = vi.fn(async () => ({ input: {}, caller: undefined }));
  const jobOf = (id: string) => ({ id, plugin: endless.plugin, capability: endless.name }) as Job;
  const jobs: Partial<JobStore> = {
    origin,
    ids: async () => new Set(ids),
    list: async ({ where = () => true } = {}) => {
      const known: Job[] = [];
      for (const job of ids.map(jobOf)) if (await where({ job, caller: undefined })) known.push(job);
      return known;
    },
  };
  const served = new ServedJobs({ jobs: jobs as JobStore, ...within('/') }).of(undefined);
  return { ids, origin, served };
}

it('remembers every job that is there, however many', async () => {
  const { ids, origin, served } = storeOf(12_000);
  await served.list();
  await served.list();
  expect(origin).toHaveBeenCalledTimes(ids.length);
});

it('forgets those whose logs are gone', async () => {
  const { ids, origin, served } = storeOf(9_999);
  await served.list();
  const gone = ids.splice(0, 9_000);
  ids.push('one', 'more');
  await served.list();
  origin.mockClear();
  ids.push(...gone);
  await served.list();
  expect(origin).toHaveBeenCalledTimes(gone.length);
});
