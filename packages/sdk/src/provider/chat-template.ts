/**
 * Messages to token ids through the model's own Jinja template. User text can never forge a special token: wherever a
 * message or a tool spells one, that stretch is encoded as ordinary text, while the template's own specials stay special.
 */
import { Template } from '@huggingface/jinja';
import type { ModelInfo, NativeModel } from '@trivium/native';
import { TriviumError } from '@trivium/protocol';
import type { ChatMessage } from './chat-messages.js';
import { isTimeout, within } from './within.js';

// Private-use characters around an index: what a message spelled out, taken out while the template runs.
const open = '\uE0F0';
const close = '\uE0F1';
const marked = new RegExp(`${open}\\d+${close}`);
const markedAll = new RegExp(`${open}(\\d+)${close}`, 'g');

/** Templates take well under a millisecond a message; one that loops must not hold the event loop. */
const renderLimitMs = 1000;

const escaped = (token: string) => token.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const templates = new Map<string, Template>();

function compile(source: string, path: string): Template {
  let template = templates.get(source);
  if (!template) {
    try {
      template = new Template(source);
    } catch (error) {
      throw new TriviumError('bad-format', 'The chat template of this model does not parse.', {
        file: path,
        field: 'tokenizer.chat_template',
        remedy: 'Get a newer file of the model.',
        cause: error,
      });
    }
    templates.set(source, template);
  }
  return template;
}

/** The template of a call: with tools the one that the model has for them, where it has one. */
export const templateFor = (
  { chatTemplate, toolTemplate }: Pick<ModelInfo, 'chatTemplate' | 'toolTemplate'>,
  hasTools: boolean,
): string | undefined => (hasTools ? (toolTemplate ?? chatTemplate) : chatTemplate);

/** The prompt text of a chat, and the stretches in it that must stay ordinary text. */
function render(model: NativeModel, messages: readonly ChatMessage[], variables: Record<string, unknown>) {
  const { info, tokenizer } = model;
  const literals: string[] = [];
  const specials = [...tokenizer.specialTokens, open, close].filter((token) => token !== '');
  const spelled = new RegExp(specials.map(escaped).join('|'), 'g');
  const plain = (text: string) =>
    text.replace(spelled, (found) => `${open}${literals.push(found) - 1}${close}`);
  const safe = messages.map((message) => inStrings(message, plain)) as ChatMessage[];
  const source = templateFor(info, variables.tools !== undefined);
  if (!source) {
    // A base model: its text is the messages' text, one after the other.
    return { text: safe.map(({ content }) => content).join('\n\n'), literals, special: true };
  }
  try {
    const template = compile(source, info.path);
    const text = within(renderLimitMs, () =>
      template.render({
        messages: safe,
        add_generation_prompt: true,
        bos_token: info.bosToken ?? '',
        eos_token: info.eosToken ?? '',
        ...(inStrings(variables, plain) as Record<string, unknown>),
      }),
    );
    return { text, literals, special: false };
  } catch (error) {
    if (isTimeout(error)) {
      throw new TriviumError('bad-format', `The chat template ran for ${renderLimitMs} ms without an end.`, {
        file: info.path,
        field: 'tokenizer.chat_template',
        remedy: 'Get the model from elsewhere.',
      });
    }
    throw new TriviumError(
      'invalid-argument',
      `The chat template refused the messages: ${(error as Error).message}`,
      {
        file: info.path,
        field: 'prompt',
        cause: error,
      },
    );
  }
}

/** The value with every string in it changed, keys included. */
function inStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => inStrings(item, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [change(key), inStrings(item, change)]),
  );
}

export interface EncodedChat {
  /** Ready for generation. */
  tokens: Int32Array;
  /** The prompt as the template wrote it, where what messages spelled out stands as an index. */
  text: string;
}

/**
 * @param variables of the template beside the messages: `tools`, `enable_thinking`
 * @throws TriviumError `bad-format` where the template does not parse, `invalid-argument` where it refuses the messages; the
 * abort reason
 */
export async function encodeChat(
  model: NativeModel,
  messages: readonly ChatMessage[],
  variables: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<EncodedChat> {
  const { text, literals, special } = render(model, messages, variables);
  const whole = (stretch: string) => stretch.replace(markedAll, (_, index) => literals[Number(index)] ?? '');
  const encoded: Int32Array[] = [];
  if (special) {
    encoded.push(await model.tokenizer.encode(whole(text), { signal }));
  } else {
    for (const { stretch, spelled } of stretchesOf(text, model.tokenizer.specialTokens))
      encoded.push(
        await model.tokenizer.encode(spelled ? whole(stretch) : stretch, {
          addSpecialTokens: false,
          parseSpecialTokens: !spelled,
          signal,
        }),
      );
  }
  const ids = new Int32Array(encoded.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of encoded) {
    ids.set(part, at);
    at += part.length;
  }
  return { tokens: ids, text };
}

interface Stretch {
  stretch: string;
  /** A message spelled a special token in it: all of it is ordinary text. */
  spelled: boolean;
}

/**
 * The prompt in stretches that are encoded one by one. What a message spelled is encoded with the whole run of ordinary
 * text around it, up to the template's own special tokens on both sides: a run cut in pieces would have other tokens, and
 * a blank before each piece where the tokenizer adds one.
 */
function stretchesOf(text: string, specialTokens: readonly string[]): Stretch[] {
  if (!marked.test(text)) return [{ stretch: text, spelled: false }];
  const own = specialTokens.filter((token) => token !== '').sort((a, b) => b.length - a.length);
  // An empty expression would find itself between all characters.
  const parts = own.length === 0 ? [text] : text.split(new RegExp(`(${own.map(escaped).join('|')})`));
  const stretches: Stretch[] = [];
  for (const stretch of parts.filter((part) => part !== '')) {
    const spelled = marked.test(stretch);
    const last = stretches.at(-1);
    if (last && !spelled && !last.spelled) last.stretch += stretch;
    else stretches.push({ stretch, spelled });
  }
  return stretches;
}
