/** What a model's answer is made of, as it is told apart while it is written. Plain data; knows no engine and no SDK. */

export type OutputEvent =
  | { type: 'text-delta'; delta: string }
  /** More white space behind the text. Where no block takes it, it comes again, in the text. */
  | { type: 'held-blank'; delta: string }
  | { type: 'reasoning-delta'; delta: string }
  /** The block is closed; it may have been empty. */
  | { type: 'reasoning-end' }
  /** `toolName` is empty where the call is too broken to tell. */
  | { type: 'call-start'; toolName: string }
  /** More of the arguments' own text; the deltas of a call join to its `input`. */
  | { type: 'call-delta'; delta: string }
  | { type: 'call-end'; toolName: string; input: string };

/** What is shown of an answer. */
export type ShownEvent = Exclude<OutputEvent, { type: 'held-blank' }>;

/** Takes the answer in pieces cut anywhere; the events, joined, do not depend on where. Never throws. */
export interface OutputSplitter {
  push(textDelta: string): OutputEvent[];
  /** The answer is over: what was held back, and what was cut, comes out. */
  finish(): OutputEvent[];
  /** Whether the text now being written is reasoning. */
  readonly inReasoning: boolean;
}

export interface SplitOptions {
  /** The end of the rendered prompt, which may have begun what the answer goes on with. */
  promptText: string;
  /** Tools of the call; without any, the markers of calls are text. */
  toolNames: ReadonlySet<string>;
}
