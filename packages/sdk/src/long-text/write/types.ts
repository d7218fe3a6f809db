/** What staged writing takes and gives. Words are those of `countWords`: Chinese counts as characters / 1.6. */
import type { Citation, StageReport, WriteEvent, WriteStage, WriteUsage } from '@trivium/protocol';
import type { AnyLanguageModel } from '../../base/ai-sdk.js';
import type { Running } from '../running.js';

/** How one stage writes. What is left out is the call's or the client's. */
export interface StageOptions {
  model?: AnyLanguageModel;
  /** Default 0. */
  temperature?: number;
  /** Output tokens of one call at most; a longer section takes several calls. Default: what its words need. */
  maxTokens?: number;
  /** Input and output tokens of the whole stage at most; reaching it ends the stage with what it has. */
  maxTotalTokens?: number;
  /** Share of the call's `maxTotalTokens`, over 0 to 1; not together with the stage's own `maxTotalTokens`. */
  tokenShare?: number;
  /** Milliseconds after which the stage ends with what it has. */
  deadlineMs?: number;
  /** Tokens the context of this stage's model holds; default: the client's, or as there. */
  contextTokens?: number;
  /** Counts the tokens of a text for this stage's model, fractions as the next whole number; default: the same. */
  countTokens?: (text: string) => Promise<number>;
}

export interface WriteOptions {
  /** What to write; its language is the language of the text. */
  instruction: string;
  /** Words of the whole text, 50 to 100,000; default 1,000. */
  targetWords?: number;
  /** Share of `targetWords` that the summary takes, over 0 to below 1: short for `stages.summary.ratio`. Default 0.3. */
  summaryRatio?: number;
  /** Sections after the summary, 1 to 200; default: one for about 250 words. */
  sections?: number;
  /** Documents of the library to write from; default: all. */
  paths?: readonly string[];
  /** Text to write from in place of documents; its citations have the path "-". */
  text?: string;
  stages?: {
    summary?: StageOptions & { ratio?: number };
    expand?: StageOptions;
    /** `false` leaves the sections as they were expanded. */
    polish?: StageOptions | false;
  };
  /** The model of stages that name none; default: the client's. */
  model?: AnyLanguageModel;
  /** Input and output tokens of all stages together at most. */
  maxTotalTokens?: number;
  /**
   * File that holds the state after each finished section. A call with the same source, instruction and settings goes
   * on after the last one without calling a model for what is done.
   */
  checkpoint?: string;
  /**
   * This stage and those after it are written anew, whatever the checkpoint holds of them; it holds that until the first
   * piece of the new text is done.
   */
  redo?: WriteStage;
  signal?: AbortSignal;
}

export interface WrittenText {
  /** Numbered points, then a section for each, in Markdown. */
  text: string;
  /** `citations[n - 1]` is what a marker `[n]` of the text cites. */
  citations: Citation[];
  words: number;
  stages: StageReport[];
  usage: WriteUsage;
  /** What was dropped, cut or ended early. */
  warnings: string[];
  /** Milliseconds of this call. */
  ms: number;
}

/** A text being written. `textStream` yields pieces of the final text as they become final. */
export interface Writing extends Running<WrittenText> {
  /**
   * What happens, as plain data. For one reader; ends with the call and throws what the call throws. Leaving the loop
   * early stops the work: the result then rejects with `cancelled`.
   */
  readonly events: AsyncIterable<WriteEvent>;
  readonly result: Promise<WrittenText>;
}
