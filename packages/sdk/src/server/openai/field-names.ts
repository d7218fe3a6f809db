/** Errors of models in the words of OpenAI's requests: what a caller wrote as `top_k` is not called `topK` there. */
import { respelled, TriviumError } from '@trivium/protocol';

const fieldNames: Record<string, string> = {
  topK: 'top_k',
  topP: 'top_p',
  minP: 'min_p',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  repeatPenalty: 'repetition_penalty',
  logitBias: 'logit_bias',
  logprobs: 'top_logprobs',
  toolChoice: 'tool_choice',
  responseFormat: 'response_format',
};

/**
 * Throws it again in those words; what is no error of ours as it is.
 * @param ownNames of a route that calls fields otherwise
 */
export function failInOpenaiNames(thrown: unknown, ownNames: Record<string, string> = {}): never {
  if (!TriviumError.isInstance(thrown)) throw thrown;
  throw respelled(thrown, (name) => {
    const [field = '', ...inside] = name.replace(/^providerOptions\.trivium\./, '').split('.');
    const known = ownNames[field] ?? fieldNames[field];
    return known && [known, ...inside].join('.');
  });
}
