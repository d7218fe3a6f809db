/**
 * Jobs as callers of a server know them: those that it could have started, its capabilities over paths in its root. Where it
 * tells its callers apart, each knows those of its own and of nobody in particular; of the latter none that tells of a scratch
 * folder, for somebody else made it. Refuses to know: how jobs run, how callers are told apart.
 */
import { type AnyCapability, type Job, TriviumError } from '@trivium/protocol';
import { type ListedJob, unknownJob } from '../jobs/job-folder.js';
import type { JobStore, Jobs } from '../jobs/job-store.js';
import type { JobOrigin } from '../jobs/read-job.js';
import { type Confinement, confine } from './confine.js';
import { namesScratch } from './scratch-paths.js';

interface ServedJobsSettings {
  jobs: JobStore;
  /** Those that the server serves. */
  capabilities: readonly AnyCapability[];
  confinement: Confinement;
  /** A job in the words in which this server tells of one. Default: as it is. */
  shown?: (job: Job) => Job;
}

/** What a server remembers of a job. */
interface KnownJob {
  caller: string | undefined;
  /** The server could have started it with this input. */
  isConfined: boolean;
  /** Whether it names a scratch folder, once that is sure. */
  namesScratch?: boolean;
}

/** What is remembered of jobs that are gone is not looked for below this: some 100 bytes each. */
const fewKnown = 10_000;

export class ServedJobs {
  readonly #settings: ServedJobsSettings;
  /** All that are there: who lists jobs goes through them in order, so that a bound would drop what is asked for next. */
  readonly #known = new Map<string, KnownJob>();
  #forgetAt = fewKnown;

  constructor(settings: ServedJobsSettings) {
    this.#settings = settings;
  }

  /**
   * What one caller knows; any other job is `not-found`.
   * @param caller the same for all that one caller sends; left out where callers are not told apart
   */
  of(caller: string | undefined): Jobs {
    const { jobs, shown = (job: Job) => job } = this.#settings;
    // Most jobs are somebody else's: these are told apart without a look into their logs.
    const where = async ({ job, caller: starter, origin }: ListedJob) =>
      (caller === undefined || starter === undefined || starter === caller) &&
      this.#isKnownTo(caller, job, origin);
    const told = async (job: Job) => {
      if (await this.#isKnownTo(caller, job)) return shown(job);
      throw unknownJob(job.id);
    };
    const get = async (id: string) => told(await jobs.get(id));
    return {
      get,
      start: async (implementation, input, makeContext) =>
        shown(await jobs.start(implementation, input, makeContext, caller)),
      list: async (filter) => (await jobs.list({ ...filter, where })).map(shown),
      async *watch(id, following) {
        await get(id);
        return told(yield* jobs.watch(id, following));
      },
      async cancel(id) {
        await get(id);
        return told(await jobs.cancel(id));
      },
    };
  }

  /** @param origin where it is known already */
  async #isKnownTo(caller: string | undefined, job: Job, origin?: JobOrigin): Promise<boolean> {
    const served = this.#settings.capabilities.find(
      ({ plugin, name }) => plugin === job.plugin && name === job.capability,
    );
    if (!served) return false;
    try {
      const known = this.#known.get(job.id) ?? (await this.#look(job.id, served, origin));
      if (!known.isConfined) return false;
      if (caller === undefined) return true;
      return known.caller === undefined ? !(await this.#namesScratch(job, known)) : known.caller === caller;
    } catch {
      // Its log was removed meanwhile, or cannot be read now.
      return false;
    }
  }

  /** Once for each job: neither its input, which may be long, nor what a server may open ever changes. */
  async #look(id: string, capability: AnyCapability, origin?: JobOrigin): Promise<KnownJob> {
    const { input, caller } = origin ?? (await this.#settings.jobs.origin(id));
    const known: KnownJob = { caller, isConfined: await this.#isConfined(capability, input) };
    if (namesScratch(input)) known.namesScratch = true;
    this.#known.set(id, known);
    if (this.#known.size > this.#forgetAt) await this.#forget();
    return known;
  }

  /** Now and then, so that what is remembered stays below twice what is there. */
  async #forget(): Promise<void> {
    this.#forgetAt = Number.POSITIVE_INFINITY;
    const there = await this.#settings.jobs.ids();
    for (const id of this.#known.keys()) if (!there.has(id)) this.#known.delete(id);
    this.#forgetAt = Math.max(fewKnown, 2 * this.#known.size);
  }

  /** What a server starts is confined already; a path that is not was meant from another folder. */
  async #isConfined(capability: AnyCapability, input: unknown): Promise<boolean> {
    try {
      const confined = await confine(
        capability,
        input as Record<string, unknown>,
        this.#settings.confinement,
      );
      return JSON.stringify(confined) === JSON.stringify(input);
    } catch (error) {
      if (error instanceof TriviumError) return false;
      throw error;
    }
  }

  async #namesScratch(job: Job, known: KnownJob): Promise<boolean> {
    if (known.namesScratch !== undefined) return known.namesScratch;
    if (job.endedAt === undefined) return namesScratch(job);
    // Lists bring neither its output nor its progress.
    known.namesScratch = namesScratch(await this.#settings.jobs.get(job.id));
    return known.namesScratch;
  }
}
