/**
 * Texts that do not fit a model's context, in the words of others who serve embeddings and rerankings: an error by the name
 * that the caller wrote, unless they are to be cut. What was cut is told in `trivium.warnings`.
 */
import { TriviumError } from '@trivium/protocol';
import { z } from 'zod';
import { optional } from './call-settings.js';

export const truncationFields = {
  truncate: optional(z.boolean()).describe(
    'Extension, as Jina and TEI have it: texts that do not fit the context are cut, with a warning. Default: they are errors.',
  ),
  truncate_prompt_tokens: optional(z.literal(-1)).describe('Extension: -1, to what fits, as vLLM has it.'),
};

interface Truncation {
  truncate?: boolean | undefined;
  truncate_prompt_tokens?: -1 | undefined;
}

/** What a model of ours is told; others cut or refuse as they do. */
export const truncationOf = ({ truncate, truncate_prompt_tokens: toFit }: Truncation) =>
  truncate || (truncate !== false && toFit === -1)
    ? { providerOptions: { trivium: { overflow: 'truncate' } } }
    : {};

/** Throws it again; of a text that does not fit with the field it was in, and what the request can do about it. */
export const failAs =
  (texts: 'input' | 'documents') =>
  (thrown: unknown): never => {
    if (!TriviumError.isInstance(thrown) || !thrown.field?.startsWith('texts.')) throw thrown;
    const { code, message, field, expected, found, remedy } = thrown;
    throw new TriviumError(code, message, {
      field: texts + field.slice('texts'.length),
      expected,
      found,
      remedy: code === 'context-overflow' ? 'Split the text, or set truncate to true.' : remedy,
      cause: thrown,
    });
  };
