/** Errors of the engine in the words of the call: what a caller wrote as `maxOutputTokens` is not called `maxTokens` there. */
import { respelled, TriviumError } from '@trivium/protocol';

/** Names in the engine that differ from those of the specification. */
const callNames: Record<string, string> = {
  tokens: 'prompt',
  maxTokens: 'maxOutputTokens',
  stop: 'stopSequences',
};

/** What is no error of ours as it is. */
export const inCallNames = (thrown: unknown): unknown =>
  TriviumError.isInstance(thrown) ? respelled(thrown, (field) => callNames[field]) : thrown;
