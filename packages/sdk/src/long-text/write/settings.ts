/**
 * Checks the options of a call and settles what each stage writes with. Refuses to know: the source, how stages work.
 */
import { TriviumError, type WriteStage } from '@trivium/protocol';
import { type AnyLanguageModel, assertLanguageModel } from '../../base/ai-sdk.js';
import { longestTimerMs } from '../../base/timer.js';
import { type CountTokens, type ModelMeasures, measuresOf } from '../model-measures.js';
import type { LongTextOptions } from '../types.js';
import { isMostlyChinese } from '../words.js';
import type { Language } from './prompts.js';
import type { StageOptions, WriteOptions } from './types.js';

export interface StageSettings extends ModelMeasures {
  stage: WriteStage;
  model: AnyLanguageModel;
  temperature: number;
  maxTokens?: number;
  maxTotalTokens?: number;
  deadlineMs?: number;
}

export interface WriteSettings {
  instruction: string;
  language: Language;
  targetWords: number;
  summaryRatio: number;
  /** Sections that were asked for, if any were. */
  sections?: number;
  maxTotalTokens?: number;
  summary: StageSettings;
  expand: StageSettings;
  polish: StageSettings | undefined;
}

/** @throws TriviumError `invalid-argument` naming the field, and as `measuresOf` does */
export async function settle(call: WriteOptions, options: LongTextOptions): Promise<WriteSettings> {
  const instruction = call.instruction?.trim() ?? '';
  if (!instruction) throw invalid('instruction', 'The instruction is empty.', 'Say what to write.');
  const { targetWords = 1000, sections, stages = {} } = call;
  within('targetWords', targetWords, 50, 100_000);
  if (sections !== undefined) within('sections', sections, 1, 200, true);
  if (call.text !== undefined && call.paths !== undefined) {
    throw invalid('text', 'A text is written from paths or from a text, not both.', 'Give one of them.');
  }
  if (call.maxTotalTokens !== undefined) within('maxTotalTokens', call.maxTotalTokens, 1, Infinity, true);
  const stage = (name: WriteStage, given: StageOptions = {}) => settleStage(name, given, call, options);
  return {
    instruction,
    language: isMostlyChinese(instruction) ? 'zh' : 'en',
    targetWords,
    summaryRatio: ratioOf(call),
    ...(sections !== undefined && { sections }),
    ...(call.maxTotalTokens !== undefined && { maxTotalTokens: call.maxTotalTokens }),
    summary: await stage('summary', stages.summary),
    expand: await stage('expand', stages.expand),
    polish: stages.polish === false ? undefined : await stage('polish', stages.polish),
  };
}

function ratioOf({ summaryRatio, stages }: WriteOptions): number {
  const own = stages?.summary?.ratio;
  if (summaryRatio !== undefined && own !== undefined && own !== summaryRatio) {
    throw invalid(
      'summaryRatio',
      'summaryRatio is short for stages.summary.ratio, and they differ.',
      'Give one of them.',
    );
  }
  const ratio = own ?? summaryRatio ?? 0.3;
  if (!(ratio > 0 && ratio < 1)) {
    throw invalid('summaryRatio', `A summary takes a share over 0 and below 1, not ${ratio}.`, 'Try 0.3.');
  }
  return ratio;
}

async function settleStage(
  stage: WriteStage,
  given: StageOptions,
  call: WriteOptions,
  options: LongTextOptions,
): Promise<StageSettings> {
  const model = given.model ?? call.model ?? options.model;
  const field = (name: string) => `stages.${stage}.${name}`;
  if (!model) {
    throw invalid(
      call.stages?.[stage] ? field('model') : 'model',
      'Writing needs a language model.',
      'Give a model to the call, to createLongText or to each stage; without one, ask and summarize still work.',
    );
  }
  assertLanguageModel(model, given.model === undefined ? 'model' : field('model'));
  const { contextTokens = options.contextTokens, countTokens = options.countTokens } = given;
  const measures = await measuresOf(model, { contextTokens, countTokens }, call.signal);
  const { temperature = 0, maxTokens, deadlineMs, tokenShare } = given;
  within(field('temperature'), temperature, 0, 10);
  within(field('contextTokens'), measures.contextTokens, 256, Infinity, true);
  if (maxTokens !== undefined) within(field('maxTokens'), maxTokens, 1, Infinity, true);
  if (deadlineMs !== undefined) within(field('deadlineMs'), deadlineMs, 1, longestTimerMs);
  if (given.maxTotalTokens !== undefined)
    within(field('maxTotalTokens'), given.maxTotalTokens, 1, Infinity, true);
  if (tokenShare !== undefined) {
    if (!(tokenShare > 0 && tokenShare <= 1) || call.maxTotalTokens === undefined || given.maxTotalTokens) {
      throw invalid(
        field('tokenShare'),
        'A token share is over 0 to 1, of the maxTotalTokens of the call.',
        "Give maxTotalTokens to the call, or the stage's own maxTotalTokens instead of a share.",
      );
    }
  }
  const maxTotalTokens =
    given.maxTotalTokens ??
    (tokenShare === undefined ? undefined : Math.floor(tokenShare * call.maxTotalTokens!));
  return {
    stage,
    model,
    temperature,
    ...measures,
    countTokens: inWholeTokens(measures.countTokens),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(maxTotalTokens !== undefined && { maxTotalTokens }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  };
}

/** Budgets and checkpoints hold whole tokens, whatever counts them. */
function inWholeTokens(count: CountTokens): CountTokens {
  return async (text) => {
    const tokens = await count(text);
    if (tokens >= 0 && tokens < Infinity) return Math.ceil(tokens);
    throw invalid('countTokens', `countTokens counted ${tokens} tokens.`, 'Return a number from 0 on.');
  };
}

function within(field: string, value: number, least: number, most: number, isWhole = false): void {
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return;
  const expected = `${isWhole ? 'a whole number' : 'a number'} from ${least}${most === Infinity ? '' : ` to ${most}`}`;
  throw new TriviumError('invalid-argument', `${field} is ${expected}, not ${value}.`, {
    field,
    expected,
    found: String(value),
    remedy: 'Correct the value.',
  });
}

function invalid(field: string, message: string, remedy: string): TriviumError {
  return new TriviumError('invalid-argument', message, { field, remedy });
}
