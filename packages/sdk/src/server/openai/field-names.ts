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
  stopSequences: 'stop',
};

export interface RouteWords {
  /** Names of fields that differ from route to route. */
  fields: Readonly<Record<string, string>>;
  /** What its callers can do about a prompt that does not fit: they load no models. */
  tooLong: string;
}

/** Throws it again in those words; what is no error of ours as it is. */
export function failInOpenaiNames(thrown: unknown, { fields, tooLong }: RouteWords): never {
  if (!TriviumError.isInstance(thrown)) throw thrown;
  const told = respelled(thrown, (name) => {
    const [field = '', ...inside] = name.replace(/^providerOptions\.trivium\./, '').split('.');
    const known = fields[field] ?? fieldNames[field];
    return known && [known, ...inside].join('.');
  });
  if (told.code !== 'context-overflow') throw told;
  const { code, message, file, field, expected, found, cause } = told;
  throw new TriviumError(code, message, { file, field, expected, found, remedy: tooLong, cause });
}
