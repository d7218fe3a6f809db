/**
 * What a model's files say about using it: chat template, begin and end tokens, prompts. Reads GGUF metadata and the
 * small JSON files of a Hugging Face folder; knows no tensors.
 */
import type { RawDescription, RawModel } from './addon.js';
import { samplingDefaultsOf } from './sampling-defaults.js';
import { asIds, asText, asTexts, asToken, SideFile } from './side-file.js';
import { insideOf, stopTokensOfGguf } from './stop-tokens.js';
import type { ModelInfo, Tokenizer } from './types.js';

type Facts<Key extends keyof ModelInfo> = { [K in Key]?: ModelInfo[K] | undefined };
type ChatFacts = Facts<'chatTemplate' | 'toolTemplate' | 'bosToken' | 'eosToken'> &
  Pick<ModelInfo, 'stopTokens'>;
/** By the names that transformers and llama.cpp know. */
type Templates = Readonly<Record<string, string | undefined>>;

/** @throws TriviumError `bad-format` where a file beside the weights is damaged or says what it cannot mean */
export function toModelInfo(raw: RawModel, tokenizer: Tokenizer): ModelInfo {
  const { description } = raw;
  const { metadata } = description;
  const isGguf = description.container === 'gguf';
  const { stopTokens, ...chat } = isGguf
    ? chatOfGguf(metadata, tokenizer)
    : chatOfFolder(description, tokenizer);
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
    stopTokens,
    ...known({
      ...chat,
      sampling: samplingDefaultsOf(metadata),
      tokenMatches: metadata['trivium.token_matches'] === true || undefined,
      ...promptsOf(description),
    }),
    backend: raw.backend,
  };
}

/** Without what nothing is said of. */
function known<Key extends keyof ModelInfo>(facts: Facts<Key>): Partial<Pick<ModelInfo, Key>> {
  const said = Object.entries(facts).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as Partial<Pick<ModelInfo, Key>>;
}

function chatOfGguf(metadata: RawDescription['metadata'], tokenizer: Tokenizer): ChatFacts {
  const token = (name: 'bos' | 'eos') => {
    const id = metadata[`tokenizer.ggml.${name}_token_id`];
    return typeof id === 'number' ? tokenizer.tokenText(id) : undefined;
  };
  return {
    ...templatesOf({
      default: asText(metadata['tokenizer.chat_template']),
      tool_use: asText(metadata['tokenizer.chat_template.tool_use']),
    }),
    bosToken: token('bos'),
    eosToken: token('eos'),
    stopTokens: stopTokensOfGguf(metadata, tokenizer),
  };
}

function chatOfFolder(description: RawDescription, tokenizer: Tokenizer): ChatFacts {
  const config = new SideFile(description, 'tokenizer_config.json');
  const token = (name: 'bos' | 'eos') => config.read(`${name}_token`, 'a token', asToken);
  const ends = (file: string) =>
    new SideFile(description, file).read('eos_token_id', 'a token id, or a list of them', asIds) ?? [];
  const eosToken = token('eos');
  const files = {
    default: description.texts['chat_template.jinja'],
    tool_use: description.texts['additional_chat_templates/tool_use.jinja'],
  };
  const inConfig = () => config.read('chat_template', 'a template, or several with names', asTemplates) ?? {};
  return {
    // Of transformers too, files of templates stand for all that the configuration has.
    ...templatesOf((files.default ?? files.tool_use) === undefined ? inConfig() : files),
    bosToken: token('bos'),
    eosToken,
    stopTokens: insideOf(tokenizer, [
      ...ends('config.json'),
      ...ends('generation_config.json'),
      eosToken === undefined ? undefined : tokenizer.idOf(eosToken),
    ]),
  };
}

/** One template, a list of them with names, or an object that has them by name. */
function asTemplates(value: unknown): Templates | undefined {
  if (typeof value === 'string') return { default: value };
  if (!Array.isArray(value)) return asTexts(value);
  const named = value.map(asTexts).map((one) => [one?.name, one?.template]);
  if (named.length === 0 || named.flat().includes(undefined)) return undefined;
  return Object.fromEntries(named) as Templates;
}

/** Of several templates the one named "default", else the first. */
const templatesOf = (templates: Templates): Facts<'chatTemplate' | 'toolTemplate'> => ({
  chatTemplate: templates.default ?? Object.values(templates).find((template) => template !== undefined),
  toolTemplate: templates.tool_use,
});

function promptsOf(description: RawDescription): Facts<'prompts' | 'defaultPrompt' | 'poolsPrompts'> {
  const config = new SideFile(description, 'config_sentence_transformers.json');
  const prompts = config.read('prompts', 'texts by name', asTexts);
  const defaultPrompt = config.read('default_prompt_name', 'the name of one of its prompts', (name) =>
    typeof name === 'string' && Object.hasOwn(prompts ?? {}, name) ? name : undefined,
  );
  return { prompts, defaultPrompt, poolsPrompts: description.poolsPrompts === false ? false : undefined };
}
