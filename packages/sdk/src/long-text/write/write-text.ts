/**
 * One writing from sources to text: passages, journal, the three stages in order, final numbers.
 * Refuses to know: how stages write, where sources come from, who listens.
 */
import { createHash } from 'node:crypto';
import { type StageReport, TriviumError, type WriteEvent, type WriteStage } from '@trivium/protocol';
import type { SourceText } from '../../documents/types.js';
import type { EmbedTexts } from '../types.js';
import { countWords } from '../words.js';
import type { CallFacts } from './checkpoint-file.js';
import { expandPoints } from './expand-stage.js';
import { Journal } from './journal.js';
import { FinalNumbering } from './markers.js';
import { promptRoom } from './model-call.js';
import { cutPassages, type Passage } from './passages.js';
import { sectionCount } from './plan.js';
import { numberedPoints } from './points.js';
import { polishSections } from './polish-stage.js';
import { endStage, type WriteRun, warn } from './run.js';
import { type Section, sectionText } from './section.js';
import type { StageSettings, WriteSettings } from './settings.js';
import { addUsage, noUsage, StageMeter, type TokenLedger } from './stage-meter.js';
import { writePoints } from './summary-stage.js';
import type { WrittenText } from './types.js';

const passageCharacters = 1200;
/** A passage takes this share of a prompt at most, so that several stand side by side. */
const passageShare = 1 / 6;
/** Deviation from the target that is worth a warning. */
const lengthTolerance = 0.1;

export interface WriteTask {
  sources: readonly SourceText[];
  settings: WriteSettings;
  checkpoint?: string;
  redo?: WriteStage;
  embed?: EmbedTexts;
  signal?: AbortSignal;
  emitEvent: (event: WriteEvent) => void;
  /** Pieces of the final text as they become final. */
  emitText: (piece: string) => void;
}

/** @throws TriviumError as `LongText.write` says; the provider's error; an abort's reason. */
export async function writeText(task: WriteTask): Promise<WrittenText> {
  const started = performance.now();
  const { settings } = task;
  const passages = await passagesOf(task);
  const run: WriteRun = {
    settings,
    passages,
    journal: await Journal.open(task.checkpoint, factsOf(task, passages), task.redo),
    warnings: [],
    told: new Set(),
    emit: task.emitEvent,
    ...(task.embed && { embed: task.embed }),
    ...(task.signal && { signal: task.signal }),
  };
  if (settings.sections !== undefined && settings.sections > sectionCount(settings)) {
    warn(
      run,
      `${settings.sections} sections are too many for this length: ${sectionCount(settings)} are written.`,
    );
  }
  const { text, citations, reports } = await writeStages(run, task.emitText);
  const words = countWords(text);
  if (Math.abs(words - settings.targetWords) > lengthTolerance * settings.targetWords) {
    warn(run, `The text has ${Math.round(words)} words, not the ${settings.targetWords} asked for.`);
  }
  const usage = reports.map((report) => report.usage).reduce(addUsage, noUsage);
  task.emitEvent({ type: 'finish', text, citations, usage });
  const ms = performance.now() - started;
  return { text, citations, words, stages: reports, usage, warnings: run.warnings, ms };
}

async function writeStages(run: WriteRun, emitText: (piece: string) => void) {
  const { settings } = run;
  const ledger: TokenLedger = {
    maxTotalTokens: settings.maxTotalTokens ?? Number.POSITIVE_INFINITY,
    usedTokens: 0,
  };
  const numbering = new FinalNumbering(run.passages);
  const pieces: string[] = [];
  const reports: StageReport[] = [];
  const finish = (piece: string) => {
    const final = numbering.next(piece);
    emitText(pieces.length > 0 ? `\n\n${final}` : final);
    pieces.push(final);
  };
  const finishSection = (section: Section) => finish(sectionText(section));
  const stage = <Result>(stageSettings: StageSettings, words: number, work: StageWork<Result>) =>
    runStage(run, new StageMeter(stageSettings, ledger), words, work, reports);

  const points = await stage(
    settings.summary,
    settings.targetWords * settings.summaryRatio,
    async (meter) => {
      const written = await writePoints(run, meter);
      return { result: written, text: numberedPoints(written) };
    },
  );
  const summary = numberedPoints(points);
  finish(summary);
  const { polish } = settings;
  const rest = Math.max(0, settings.targetWords - countWords(summary));
  const sections = await stage(settings.expand, rest, async (meter) => {
    const written = await expandPoints(run, meter, points, polish ? () => {} : finishSection);
    return { result: written, text: written.map(sectionText).join('\n\n') };
  });
  if (polish) {
    await stage(polish, countWords(sections.map(sectionText).join('\n\n')), async (meter) => {
      const written = await polishSections(run, meter, sections, summary, finishSection);
      return { result: written, text: written.map(sectionText).join('\n\n') };
    });
  }
  return { text: pieces.join('\n\n'), citations: numbering.citations, reports };
}

type StageWork<Result> = (meter: StageMeter) => Promise<{ result: Result; text: string }>;

async function runStage<Result>(
  run: WriteRun,
  meter: StageMeter,
  words: number,
  work: StageWork<Result>,
  reports: StageReport[],
): Promise<Result> {
  const { stage, model } = meter.settings;
  const name = model.modelId;
  run.emit({ type: 'stage-start', stage, words, model: name });
  try {
    const { result, text } = await work(meter);
    const written = countWords(text);
    await endStage(run, meter, written);
    const report: StageReport = {
      stage,
      model: name,
      usage: meter.usage,
      words: written,
      ms: meter.ms,
      outcome: meter.ended ?? 'finished',
    };
    run.emit({ type: 'stage-end', ...report });
    reports.push(report);
    return result;
  } finally {
    meter.stop();
  }
}

async function passagesOf({ sources, settings, signal }: WriteTask): Promise<Passage[]> {
  const readers = [settings.summary, settings.expand];
  const rooms = readers.map((stage) => promptRoom(stage, settings.targetWords) * passageShare);
  const cuts = {
    characters: passageCharacters,
    tokens: Math.max(1, Math.floor(Math.min(...rooms))),
    countTokens: async (text: string) =>
      Math.max(...(await Promise.all(readers.map((stage) => stage.countTokens(text))))),
  };
  const passages = await cutPassages(sources, cuts, signal);
  if (passages.length > 0) return passages;
  throw new TriviumError('invalid-argument', 'There is no text to write from.', {
    field: 'paths',
    remedy: 'Read documents that hold text, or pass a text.',
  });
}

/** What a checkpoint belongs to; what follows from other facts comes last, so that those are named where they differ. */
function factsOf({ sources, settings, embed }: WriteTask, passages: readonly Passage[]): CallFacts {
  const source = sha256(sources.map(({ path, text }) => [path, text]));
  const { instruction, targetWords, summaryRatio, sections, maxTotalTokens } = settings;
  const stages: [WriteStage, StageSettings | undefined][] = [
    ['summary', settings.summary],
    ['expand', settings.expand],
    ['polish', settings.polish],
  ];
  return {
    source: `${sources.length} documents, sha256 ${source}`,
    instruction,
    targetWords: String(targetWords),
    summaryRatio: String(summaryRatio),
    sections: String(sections ?? 'default'),
    maxTotalTokens: String(maxTotalTokens ?? 'none'),
    embed: embed ? 'given' : 'none',
    ...Object.fromEntries(stages.flatMap(([name, stage]) => stageFacts(name, stage))),
    // Markers in finished units are their numbers.
    passages: `${passages.length} passages, sha256 ${sha256(passages.map(({ path, start, end }) => [path, start, end]))}`,
  };
}

function sha256(rows: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(JSON.stringify(row));
  return hash.digest('hex');
}

function stageFacts(name: WriteStage, stage: StageSettings | undefined): [string, string][] {
  if (!stage) return [[`${name}`, 'none']];
  const { model, temperature, contextTokens, maxTokens, maxTotalTokens, deadlineMs } = stage;
  const facts = {
    model: `${model.provider}:${model.modelId}`,
    temperature,
    contextTokens,
    maxTokens,
    maxTotalTokens,
    deadlineMs,
  };
  return Object.entries(facts).map(([key, value]) => [`stages.${name}.${key}`, String(value ?? 'none')]);
}
