/**
 * What the stages of one writing share, and how they do a unit of work: from the journal or now, with its time, tokens
 * and warnings. Refuses to know: what any stage writes.
 */
import type { WriteEvent, WriteStage } from '@trivium/protocol';
import type { EmbedTexts } from '../types.js';
import type { FinishedUnit } from './checkpoint-file.js';
import type { Journal } from './journal.js';
import { citationOf } from './markers.js';
import type { Passage } from './passages.js';
import type { WriteSettings } from './settings.js';
import type { StageMeter } from './stage-meter.js';

export interface WriteRun {
  readonly settings: WriteSettings;
  /** `passages[n - 1]` is what a marker `[n]` cites. */
  readonly passages: readonly Passage[];
  readonly journal: Journal;
  readonly warnings: string[];
  /** Numbers of passages that a `citation` event has told. */
  readonly told: Set<number>;
  readonly emit: (event: WriteEvent) => void;
  readonly embed?: EmbedTexts;
  readonly signal?: AbortSignal;
}

export interface Place {
  stage: WriteStage;
  section?: number;
}

export interface UnitResult {
  text: string;
  warnings: string[];
  rejected?: boolean;
}

export interface DoneUnit extends FinishedUnit {
  isResumed: boolean;
}

/** Says it once in a writing, where it is met first. */
export function warn(run: WriteRun, message: string, place?: Place): void {
  if (run.warnings.includes(message)) return;
  run.warnings.push(message);
  run.emit({ type: 'warning', ...place, message });
}

/** Tells what the numbers stand for, each once in a writing. */
export function cite(run: WriteRun, stage: WriteStage, numbers: readonly number[]): void {
  for (const number of numbers) {
    const passage = run.passages[number - 1];
    if (!passage || run.told.has(number)) continue;
    run.told.add(number);
    run.emit({ type: 'citation', stage, number, citation: citationOf(passage) });
  }
}

/** Does a unit of work, or takes it from the journal and tells it in one piece. */
export async function doUnit(
  run: WriteRun,
  meter: StageMeter,
  name: string,
  place: Place,
  work: () => Promise<UnitResult>,
): Promise<DoneUnit> {
  run.signal?.throwIfAborted();
  const { unit, isResumed } = await run.journal.unit(name, async () => {
    meter.start();
    const [usage, started] = [meter.usage, performance.now()];
    const result = await work();
    return {
      ...result,
      usage: {
        inputTokens: meter.usage.inputTokens - usage.inputTokens,
        cachedTokens: meter.usage.cachedTokens - usage.cachedTokens,
        outputTokens: meter.usage.outputTokens - usage.outputTokens,
        calls: meter.usage.calls - usage.calls,
      },
      ms: performance.now() - started,
      ...(meter.ended && { ended: meter.ended }),
    };
  });
  if (isResumed) {
    meter.addEarlier(unit.ms, unit.usage);
    meter.ended ??= unit.ended;
  }
  for (const message of unit.warnings) warn(run, message, place);
  return { ...unit, isResumed };
}

/** Whether the stage does no more work: its deadline or budget is reached, now or in the run that is resumed. */
export function isOver(run: WriteRun, meter: StageMeter, next: string): boolean {
  const { stage } = meter.settings;
  if (!meter.ended && run.journal.has(endOf(stage)) && !run.journal.has(next)) {
    meter.ended = run.journal.endedBy(endOf(stage));
  }
  return meter.ended !== undefined && !run.journal.has(next);
}

/** Writes down how the stage ended, so that a resumed call does not go on where this one gave up. */
export async function endStage(run: WriteRun, meter: StageMeter, words: number): Promise<void> {
  const { stage } = meter.settings;
  meter.stop();
  await run.journal.unit(endOf(stage), async () => ({
    text: '',
    warnings: [],
    usage: { inputTokens: 0, cachedTokens: 0, outputTokens: 0, calls: 0 },
    ms: 0,
    ...(meter.ended && { ended: meter.ended }),
  }));
  meter.ended ??= run.journal.endedBy(endOf(stage));
  if (meter.ended) {
    const reason = meter.ended === 'deadline' ? 'its deadline' : 'its budget of tokens';
    warn(
      run,
      `The ${stage} stage reached ${reason} and ended with what it had, ${Math.round(words)} words.`,
      {
        stage,
      },
    );
  }
}

const endOf = (stage: WriteStage) => `${stage}/end`;
