import { APICallError } from '@ai-sdk/provider';
import { TriviumError } from '@trivium/protocol';

/**
 * A full queue becomes the AI SDK's retryable error; everything else passes.
 * @example await model.embed(texts).catch(throwRetryable);
 */
export function throwRetryable(error: unknown): never {
  if (!TriviumError.isInstance(error) || error.code !== 'busy') throw error;
  throw new APICallError({
    message: error.message,
    url: 'trivium:engine',
    requestBodyValues: {},
    statusCode: 429,
    isRetryable: true,
    cause: error,
  });
}
