/** What a model's context holds and how its tokens are counted: by the caller's word, by the model's own, or estimated. */
import type { AnyLanguageModel, WrappingModel } from '../base/ai-sdk.js';

export type CountTokens = (text: string) => number | Promise<number>;

export interface ModelMeasures {
  /** Prompt and answer together. */
  contextTokens: number;
  countTokens: CountTokens;
  /** How to come by a longer context: the beginning of a remedy. */
  longerContext: string;
}

/** A model that says itself what it holds, as ours do. */
interface MeasuredModel extends AnyLanguageModel {
  contextTokens(signal?: AbortSignal): Promise<number>;
  countTokens(text: string): Promise<number>;
}

const isMeasured = (model: AnyLanguageModel): model is MeasuredModel =>
  'contextTokens' in model && 'countTokens' in model;

const isWrapping = (model: AnyLanguageModel): model is WrappingModel => 'wrapped' in model;

/** Of a model over others, what the one says that is asked first: those behind it may never be loaded. */
const askedFirst = (model: AnyLanguageModel): AnyLanguageModel =>
  isWrapping(model) ? askedFirst(model.wrapped) : model;

/** Of a model of which nobody says more. */
const assumedContextTokens = 8192;

/**
 * @param given the caller's word, which goes before the model's
 * @throws what a model of ours does that cannot be loaded; the abort's reason
 */
export async function measuresOf(
  model: AnyLanguageModel,
  given: { contextTokens?: number | undefined; countTokens?: CountTokens | undefined },
  signal?: AbortSignal,
): Promise<ModelMeasures> {
  const asked = askedFirst(model);
  const own = isMeasured(asked) ? asked : undefined;
  const known = given.contextTokens ?? (await own?.contextTokens(signal));
  return {
    contextTokens: known ?? assumedContextTokens,
    countTokens: given.countTokens ?? (own ? (text) => own.countTokens(text) : estimateTokens),
    longerContext:
      known === undefined
        ? 'Say with createLongText({ contextTokens }) what the model holds, use one with a longer context'
        : 'Use a model with a longer context',
  };
}

/** Chinese, and scripts of which tokenizers know few words: from Hebrew to Mongolian, kana and Hangul. */
const manyTokens = /[\u0590-\u18af\u3040-\u30ff\uac00-\ud7af]|\p{Script=Han}/gu;

/** Characters of a token are about 4 in alphabets such as ours, in other scripts about 1.5; the estimate errs high. */
export const estimateTokens = (text: string) => {
  const characters = text.match(manyTokens)?.length ?? 0;
  return Math.ceil((text.length - characters) / 3.5 + characters / 1.4);
};
