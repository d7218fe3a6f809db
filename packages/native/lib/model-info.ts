/**
 * What a model's files say about using it: chat template, begin and end tokens, prompts. Reads GGUF metadata and the
 * small JSON files of a Hugging Face folder; knows no tensors.
 */
import type { RawDescription, RawModel } from './addon.js';
import { samplingDefaultsOf } from './sampling-defaults.js';
import type { ModelInfo, Tokenizer } from './types.js';

type JsonObject = Record<string, unknown>;

function json(texts: Record<string, string>, name: string): JsonObject {
  try {
    const value = JSON.parse(texts[name] ?? '{}');
    return value !== null && typeof value === 'object' ? (value as JsonObject) : {};
  } catch {
    return {};
  }
}

/** tokenizer_config.json writes a token as a string or as an added-token object. */
function tokenText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const content = (value as { content?: unknown } | null | undefined)?.content;
  return typeof content === 'string' ? content : undefined;
}

function chatTemplateOf({ metadata, texts }: RawDescription): string | undefined {
  const fromGguf = metadata['tokenizer.chat_template'];
  if (typeof fromGguf === 'string') return fromGguf;
  if (texts['chat_template.jinja'] !== undefined) return texts['chat_template.jinja'];
  const template = json(texts, 'tokenizer_config.json').chat_template;
  if (typeof template === 'string') return template;
  if (!Array.isArray(template)) return undefined;
  const named = template as { name?: string; template?: string }[];
  return (named.find(({ name }) => name === 'default') ?? named[0])?.template;
}

function ids(value: unknown): number[] {
  return (Array.isArray(value) ? value : [value]).filter(
    (id): id is number => Number.isInteger(id) && (id as number) >= 0,
  );
}

function stopTokensOf(
  { metadata, texts }: RawDescription,
  tokenizer: Tokenizer,
  eosToken: string | undefined,
): number[] {
  const stops = new Set([
    ...ids(metadata['tokenizer.ggml.eos_token_id']),
    ...ids(metadata['tokenizer.ggml.eot_token_id']),
    ...ids(json(texts, 'config.json').eos_token_id),
    ...ids(json(texts, 'generation_config.json').eos_token_id),
  ]);
  const eos = eosToken === undefined ? undefined : tokenizer.idOf(eosToken);
  if (eos !== undefined) stops.add(eos);
  return [...stops].filter((id) => id < tokenizer.vocabularySize);
}

export function toModelInfo(raw: RawModel, tokenizer: Tokenizer): ModelInfo {
  const { description } = raw;
  const { metadata, texts } = description;
  const config = json(texts, 'tokenizer_config.json');
  const special = (name: 'bos' | 'eos') => {
    const id = metadata[`tokenizer.ggml.${name}_token_id`];
    return typeof id === 'number' ? tokenizer.tokenText(id) : tokenText(config[`${name}_token`]);
  };
  const chatTemplate = chatTemplateOf(description);
  const bosToken = special('bos');
  const eosToken = special('eos');
  const sampling = samplingDefaultsOf(metadata);
  const prompts = json(texts, 'config_sentence_transformers.json').prompts as
    | Record<string, string>
    | undefined;
  return {
    kind: description.kind,
    architecture: description.architecture,
    name: description.name,
    path: description.path,
    contextTokens: raw.contextTokens,
    vocabularySize: description.vocabularySize,
    width: description.width,
    layers: description.layers,
    weightBytes: raw.weightBytes,
    packed: raw.isMapped ? 'mapped' : 'made',
    ...(chatTemplate !== undefined && { chatTemplate }),
    ...(bosToken !== undefined && { bosToken }),
    ...(eosToken !== undefined && { eosToken }),
    stopTokens: stopTokensOf(description, tokenizer, eosToken),
    ...(sampling && { sampling }),
    ...(metadata['trivium.token_matches'] === true && { tokenMatches: true as const }),
    ...(prompts && { prompts }),
    backend: raw.backend,
  };
}
