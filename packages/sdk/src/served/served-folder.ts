/**
 * One folder as callers of a server know it: the capabilities that its permissions leave, called over paths in it, now or as
 * jobs. What goes in is confined, what comes out is told from the root on, whichever surface asks. Refuses to know: how calls
 * travel, who waits for a place.
 */
import { realpathSync, statSync } from 'node:fs';
import {
  type AnyCapability,
  type Implementation,
  invoke,
  type Job,
  stream,
  TriviumError,
} from '@trivium/protocol';
import type { Host, HostSettings, TriviumContext, TriviumPlugin } from '../host/index.js';
import { type Confinement, confine, confineModel } from './confine.js';
import { isAllowed, mayUseHub, type Permissions } from './permissions.js';
import { relativePaths } from './relative-paths.js';
import { ServedJobs } from './served-jobs.js';

export type ServedImplementation = Implementation<AnyCapability, TriviumContext>;

export interface ServedFolderSettings extends Permissions {
  host: Host;
  plugins: readonly TriviumPlugin[];
  /** Absolute and real; nothing outside it is opened on a caller's word. */
  root: string;
  /** A job in the words in which this server tells of one. Default: as it is. */
  shown?: (job: Job) => Job;
}

/** Who calls, and until when. */
export interface ServedCall {
  signal: AbortSignal;
  /** The same for all that one caller sends; left out where callers are not told apart. */
  caller?: string | undefined;
}

export class ServedFolder implements Confinement {
  readonly host: Host;
  readonly root: string;
  readonly permissions: Permissions;
  /** Whether a model may be one of the hub. */
  readonly hub: boolean;
  /** What the permissions leave of the plugins. */
  readonly implementations: readonly ServedImplementation[];
  readonly jobs: ServedJobs;

  constructor({
    host,
    plugins,
    root,
    shown,
    readOnly,
    allowNetwork,
    allowDestructive,
  }: ServedFolderSettings) {
    const permissions = { readOnly, allowNetwork, allowDestructive };
    this.host = host;
    this.root = root;
    this.permissions = permissions;
    this.hub = mayUseHub(permissions);
    this.implementations = plugins
      .flatMap(({ capabilities }) => capabilities)
      .filter(({ capability }) => isAllowed(capability, permissions));
    this.jobs = new ServedJobs({
      jobs: host.jobs,
      capabilities: this.implementations.map(({ capability }) => capability),
      confinement: this,
      ...(shown && { shown }),
    });
  }

  /**
   * What a host that serves one folder is made with. It has its own word on it: what no surface should do is not done by way of
   * another either. Callers know nothing of jobs over another folder, and no link leads documents out.
   */
  static hostSettings(root: string, permissions: Permissions): HostSettings {
    return {
      ...(!mayUseHub(permissions) && { hub: { offline: true } }),
      documentsWithin: root,
      jobScope: root,
    };
  }

  /**
   * A folder as its user names it, real.
   * @param field what names it
   * @throws TriviumError `invalid-argument` where it is none
   */
  static realRoot(root: string, field = 'root'): string {
    const noFolder = (cause?: unknown) =>
      new TriviumError('invalid-argument', `${root} is no folder.`, {
        field,
        found: root,
        remedy: `Give an existing folder${field.startsWith('-') ? ` with ${field}` : ''}.`,
        cause,
      });
    let found: string;
    try {
      found = realpathSync(root);
    } catch (error) {
      throw noFolder(error);
    }
    if (statSync(found).isDirectory()) return found;
    throw noFolder();
  }

  /** The input as the capability may have it. @throws TriviumError as `confine`; the signal's reason */
  confine(capability: AnyCapability, input: Record<string, unknown>, signal?: AbortSignal) {
    return confine(capability, input, this, signal);
  }

  /** @throws TriviumError `outside-root`, and as `linksOfModel` */
  confineModel(reference: string, field: string): Promise<string> {
    return confineModel(reference, this, field);
  }

  /**
   * A call's output, with paths from the root on.
   * @param input confined
   * @param onProgress told of each step in the same words
   * @throws TriviumError as `invoke`, and whatever the implementation throws
   */
  async invoke(
    implementation: ServedImplementation,
    input: Record<string, unknown>,
    call: ServedCall,
    onProgress?: (step: unknown) => void,
  ): Promise<unknown> {
    const onStep = onProgress && ((step: unknown) => onProgress(this.relative(step)));
    return this.relative(await invoke(implementation, input as never, this.#context(call), onStep));
  }

  /** As `invoke`, step by step. @param input confined @throws as `invoke` */
  async *stream(
    implementation: ServedImplementation,
    input: Record<string, unknown>,
    call: ServedCall,
  ): AsyncGenerator<unknown, unknown, void> {
    const running = stream(implementation, input as never, this.#context(call));
    try {
      for (;;) {
        const step = await running.next();
        if (step.done) return this.relative(step.value);
        yield this.relative(step.value);
      }
    } finally {
      // Whoever reads it left between two steps.
      await running.return(undefined as never).catch(() => {});
    }
  }

  /** The call as a job of its caller's. @param input confined @throws Node's file errors */
  start(
    implementation: ServedImplementation,
    input: Record<string, unknown>,
    caller: string | undefined,
  ): Promise<Job> {
    const jobs = this.jobs.of(caller);
    return jobs.start(implementation, input as never, (signal) => this.host.context(signal, jobs));
  }

  /** An output or a step as callers see it. */
  relative(output: unknown): unknown {
    return relativePaths(output, this.root);
  }

  #context({ signal, caller }: ServedCall): TriviumContext {
    return this.host.context(signal, this.jobs.of(caller));
  }
}
