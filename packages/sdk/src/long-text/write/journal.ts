/**
 * What is done, by name: a writing is a fixed sequence of units of work, and a unit that the checkpoint holds is taken
 * from there instead of being done again. That is all there is to resuming, and why it yields the same bytes.
 * Refuses to know: what units do, how the file looks.
 */
import { contracts, type WriteStage } from '@trivium/protocol';
import {
  type CallFacts,
  type FinishedUnit,
  loadCheckpoint,
  removeAbandoned,
  saveCheckpoint,
} from './checkpoint-file.js';

export interface JournalEntry {
  unit: FinishedUnit;
  isResumed: boolean;
}

type Save = (units: Readonly<Record<string, FinishedUnit>>) => Promise<void>;

export class Journal {
  readonly #units: Record<string, FinishedUnit>;
  readonly #save: Save;

  private constructor(units: Record<string, FinishedUnit>, save: Save) {
    this.#units = units;
    this.#save = save;
  }

  /**
   * Reads the file where one is given, and writes it at once, so that a folder that cannot be written is known before
   * any token is paid for.
   * @param redo The first stage whose units are done again, whatever the file holds of them; it holds them until the first
   * new one is done, so that nothing is lost to a model that fails.
   * @throws TriviumError as `loadCheckpoint` and `saveCheckpoint`.
   */
  static async open(
    file: string | undefined,
    facts: CallFacts,
    redo?: WriteStage | undefined,
  ): Promise<Journal> {
    if (file === undefined) return new Journal({}, async () => {});
    const units = await loadCheckpoint(file, facts);
    const save: Save = (done) => saveCheckpoint(file, facts, done);
    await save(units);
    await removeAbandoned(file);
    return new Journal(before(redo, units), save);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#units, name);
  }

  /** Why the unit ended early, if it is done and did. */
  endedBy(name: string): FinishedUnit['ended'] {
    return this.#units[name]?.ended;
  }

  /** The unit, done now or earlier; kept before it is answered. */
  async unit(name: string, work: () => Promise<FinishedUnit>): Promise<JournalEntry> {
    const known = this.#units[name];
    if (known) return { unit: known, isResumed: true };
    const unit = await work();
    this.#units[name] = unit;
    await this.#save(this.#units);
    return { unit, isResumed: false };
  }
}

/** The units of the stages before `stage`; all where it is not given. A unit's name begins with its stage. */
function before(
  stage: WriteStage | undefined,
  units: Record<string, FinishedUnit>,
): Record<string, FinishedUnit> {
  if (stage === undefined) return units;
  const order = contracts.writeStage.options;
  const kept = order.slice(0, order.indexOf(stage));
  const isKept = ([name]: [string, FinishedUnit]) => kept.some((earlier) => name.startsWith(`${earlier}/`));
  return Object.fromEntries(Object.entries(units).filter(isKept));
}
