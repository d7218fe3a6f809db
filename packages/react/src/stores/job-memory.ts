/** Where the id of a job outlives its page. Refuses to know what the job does. */
import type { AnyCapability } from '@trivium/protocol';

/** The part of Web Storage that is used; anything with these three methods does. */
export interface JobStorage {
  getItem: (key: string) => string | null;
  setItem: (key: string, value: string) => void;
  removeItem: (key: string) => void;
}

export interface JobSettings {
  /** Under which key the job's id is kept; default: `trivium:job:` and the capability's name. Two calls want two keys. */
  key?: string | undefined;
  /** Default: the page's `sessionStorage`, which survives a reload and belongs to one tab. */
  storage?: JobStorage | undefined;
}

export interface JobMemory {
  /** The id of the job that was started last; `undefined` where none was. */
  readonly load: () => string | undefined;
  readonly save: (id: string) => void;
  readonly forget: () => void;
}

/** A storage that is full or forbidden keeps nothing: the job runs on all the same, and a reload does not find it. */
function createJobMemory({ key, storage }: JobSettings & { key: string }): JobMemory {
  const attempt = <Result>(act: (at: JobStorage) => Result): Result | undefined => {
    try {
      const at = storage ?? globalThis.sessionStorage;
      return at ? act(at) : undefined;
    } catch {
      return undefined;
    }
  };
  return {
    load: () => attempt((at) => at.getItem(key)) ?? undefined,
    save: (id) => attempt((at) => at.setItem(key, id)),
    forget: () => attempt((at) => at.removeItem(key)),
  };
}

/** Keeps nothing. */
const noMemory: JobMemory = { load: () => undefined, save: () => {}, forget: () => {} };

/** The memory that the settings of a call ask for. */
export function memoryOf({ plugin, name }: AnyCapability, job: boolean | JobSettings | undefined): JobMemory {
  if (!job) return noMemory;
  const { key = `trivium:job:${plugin}/${name}`, storage } = job === true ? {} : job;
  return createJobMemory({ key, storage });
}
