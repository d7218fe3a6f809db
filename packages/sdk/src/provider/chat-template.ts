/**
 * Messages to token ids through the model's own Jinja template. User text can never forge a special token: wherever a
 * message spells one, that stretch is encoded as ordinary text, while the template's own specials stay special.
 */
import { Template } from '@huggingface/jinja';
import type { NativeModel } from '@trivium/native';
import { TriviumError } from '@trivium/protocol';
import type { PromptMessage } from './specification.js';

export interface ChatMessage {
  role: string;
  content: string;
}

// Private-use characters around an index: what a message spelled out, taken out while the template runs.
const open = '\uE0F0';
const close = '\uE0F1';
const marked = new RegExp(`${open}(\\d+)${close}`);

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
        remedy: 'Get a newer file of the model, or pass a chatTemplate.',
        cause: error,
      });
    }
    templates.set(source, template);
  }
  return template;
}

/** The text of a prompt, message by message. Parts that are not text are refused by name. */
export function toChatMessages(prompt: readonly PromptMessage[]): ChatMessage[] {
  return prompt.map(({ role, content }) => {
    if (typeof content === 'string') return { role, content };
    const texts = content.map((part) => {
      if ((part.type === 'text' || part.type === 'reasoning') && typeof part.text === 'string')
        return part.text;
      throw new TriviumError(
        'unsupported',
        `This model reads text; a ${role} message has a part of type "${part.type}".`,
        {
          field: 'prompt',
          found: part.type,
          remedy: 'Leave the part out or use a model that takes it.',
        },
      );
    });
    return { role, content: texts.join('') };
  });
}

/** The prompt text of a chat, and the stretches in it that must stay ordinary text. */
function render(model: NativeModel, messages: readonly ChatMessage[], variables: Record<string, unknown>) {
  const { info, tokenizer } = model;
  const literals: string[] = [];
  const specials = [...tokenizer.specialTokens, open, close].filter((token) => token !== '');
  const spelled = new RegExp(
    specials.map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'),
    'g',
  );
  const safe = messages.map(({ role, content }) => ({
    role,
    content: content.replace(spelled, (found) => `${open}${literals.push(found) - 1}${close}`),
  }));
  if (!info.chatTemplate) {
    // A base model: its text is the messages' text, one after the other.
    return { text: safe.map(({ content }) => content).join('\n\n'), literals, special: true };
  }
  try {
    const text = compile(info.chatTemplate, info.path).render({
      messages: safe,
      add_generation_prompt: true,
      bos_token: info.bosToken ?? '',
      eos_token: info.eosToken ?? '',
      ...variables,
    });
    return { text, literals, special: false };
  } catch (error) {
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

/** Token ids of a chat, ready for generation. */
export async function encodeChat(
  model: NativeModel,
  messages: readonly ChatMessage[],
  variables: Record<string, unknown> = {},
): Promise<Int32Array> {
  const { text, literals, special } = render(model, messages, variables);
  const pieces = text.split(marked);
  const encoded: Int32Array[] = [];
  for (const [index, piece] of pieces.entries()) {
    const literal = index % 2 === 1;
    const part = literal ? (literals[Number(piece)] ?? '') : piece;
    if (part === '') continue;
    encoded.push(
      await model.tokenizer.encode(part, {
        addSpecialTokens: special && index === 0,
        parseSpecialTokens: !literal && !special,
      }),
    );
  }
  const ids = new Int32Array(encoded.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of encoded) {
    ids.set(part, at);
    at += part.length;
  }
  return ids;
}
