/**
 * What the tests of staged writing share: sources of countable facts, a script that obeys every prompt of the three
 * stages to the word, and a seeded generator of random numbers. Refuses to know: what is tested.
 */

import { countWords, isMostlyChinese } from '../../src/long-text/words.js';
import type { Script } from '../../src/testing/index.js';
import { scriptedModel } from '../../src/testing/index.js';

type ScriptOptions = Parameters<Extract<Script, (...given: never[]) => unknown>>[0];

export function randomNumbers(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    next,
    between: (least: number, most: number) => Math.floor(least + next() * (most - least + 1)),
    pick: <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)]!,
  };
}

const things = [
  'lamp',
  'table',
  'engine',
  'barrel',
  'bridge',
  'window',
  'carpet',
  'mirror',
  'ladder',
  'compass',
];
const thingsChinese = ['台灯', '桌子', '引擎', '木桶', '桥梁', '窗户', '地毯', '镜子', '梯子', '罗盘'];

/** Sentences that can be told apart by their numbers, in paragraphs of five. */
export function factsText(count: number, language: 'en' | 'zh' = 'en'): string {
  const sentences = Array.from({ length: count }, (_, i) =>
    language === 'en'
      ? `Record ${i + 1} says that the ${things[i % 10]} of hall ${i + 7} weighs ${i * 3 + 11} grams and was painted by the crew of the northern ship.`
      : `第${i + 1}号记录说，第${i + 7}号大厅里的${thingsChinese[i % 10]}重${i * 3 + 11}克，由北方船队的水手们亲手涂上了油漆。`,
  );
  const paragraphs: string[] = [];
  for (let at = 0; at < count; at += 5)
    paragraphs.push(sentences.slice(at, at + 5).join(language === 'en' ? ' ' : ''));
  return paragraphs.join('\n\n');
}

/** The text that a model is told, system and user. */
export function promptText({ prompt }: ScriptOptions): { system: string; user: string } {
  const textOf = (role: string) =>
    prompt
      .filter((message) => message.role === role)
      .map(({ content }) =>
        typeof content === 'string'
          ? content
          : content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
      )
      .join('\n');
  return { system: textOf('system'), user: textOf('user') };
}

export type PromptKind = 'note' | 'points' | 'section' | 'polish';

export interface ReadPrompt {
  kind: PromptKind;
  words: number;
  points: number;
  from: number;
  /** Words of statements with the numbers of their passages. */
  facts: { text: string; number: number }[];
  draft: string;
  isChinese: boolean;
}

/** What a prompt of the three stages asks for. */
export function readPrompt(options: ScriptOptions): ReadPrompt {
  const { user } = promptText(options);
  const request = user.slice(user.lastIndexOf('\n\n') + 2);
  const isChinese = isMostlyChinese(request);
  const asked = /about (\d+) words|约 (\d+) 字/u.exec(request);
  const kind: PromptKind = /numbered points?|编号要点/u.test(request)
    ? 'points'
    : /^Rewrite|^改写/u.test(request)
      ? 'polish'
      : /section|节/u.test(request)
        ? 'section'
        : 'note';
  return {
    kind,
    words: asked?.[1] ? Number(asked[1]) : Number(asked?.[2]) / 1.6,
    points: Number(/(\d+) (?:numbered|个编号要点)/u.exec(request)?.[1] ?? 1),
    from: Number(/number (\d+)|编号是 (\d+)/u.exec(request)?.slice(1).find(Boolean) ?? 1),
    facts: factsOf(user),
    draft: /(?:Draft:|草稿：)\n([\s\S]*)\n\n/u.exec(user)?.[1] ?? '',
    isChinese,
  };
}

/** From passages, whose number stands above them; else from notes, whose statements carry it. */
function factsOf(user: string): { text: string; number: number }[] {
  const labelled = [
    ...user.matchAll(/^\[(\d+)\](?: \([^\n]*\))?\n([\s\S]*?)(?=\n\n\[\d+\]|\n\n[^\n]+[:：]\n)/gmu),
  ];
  const facts = labelled.flatMap(([, number, text]) =>
    text!
      .split(/(?<=\.)\s+|(?<=。)|\n+/u)
      .filter((sentence) => countWords(sentence) > 3)
      .map((sentence) => ({ text: sentence.trim().replace(/[.。]$/u, ''), number: Number(number) })),
  );
  if (facts.length > 0) return facts;
  return [...user.matchAll(/([^.。\n[\]]+?) ?\[(\d+)\][.。]/gu)].map(([, text, number]) => ({
    text: text!.trim(),
    number: Number(number),
  }));
}

/** Cited statements of exactly `words` words, taken from the facts in turn from the `from`th. */
export function statements({ facts, isChinese }: ReadPrompt, words: number, from: number): string {
  let text = '';
  for (let i = 0; facts.length > 0; i++) {
    const missing = words - countWords(text);
    if (missing < 1) break;
    const { text: fact, number } = facts[(from + i) % facts.length]!;
    const kept = firstWords(fact, missing - 1);
    const gap = text && !isChinese ? ' ' : '';
    text += kept
      ? `${gap}${kept} [${number}]${isChinese ? '。' : '.'}`
      : `${gap}${isChinese ? '是。' : 'Indeed.'}`;
  }
  return text;
}

function firstWords(text: string, words: number): string {
  let kept = '';
  for (const [piece] of text.matchAll(/\s*(?:\p{Script=Han}|\d+|[^\s\p{Script=Han}\d]+)/gu)) {
    if (countWords(kept + piece) > words) break;
    kept += piece;
  }
  return kept.replace(/[，,]$/u, '').trim();
}

/** What a model that obeys answers. */
export const obey = (options: ScriptOptions) => obeyBy(1, options);

/** What a model answers that writes `factor` times as many words as it is asked for. */
export function obeyBy(factor: number, options: ScriptOptions): string {
  const asked = readPrompt(options);
  const prompt = { ...asked, words: asked.words * factor };
  if (prompt.kind === 'polish') return turned(prompt);
  if (prompt.kind !== 'points') return statements(prompt, prompt.words, Math.round(prompt.words) % 5);
  const lines: string[] = [];
  for (let i = 0; i < prompt.points; i++) {
    const left = (prompt.words - countWords(lines.join('\n'))) / (prompt.points - i);
    const title = prompt.isChinese ? '' : `**Record ${'abcdefghijklmnopqrstuvwxyz'[i % 26]}.** `;
    const number = `${prompt.from + i}. ${title}`;
    lines.push(number + statements(prompt, left - countWords(number), i * 3));
  }
  return lines.join('\n');
}

/** The draft with the sentences of each paragraph in another order. */
function turned({ draft, isChinese }: ReadPrompt): string {
  return draft
    .split('\n\n')
    .map((paragraph) => {
      const sentences = isChinese ? paragraph.split(/(?<=。)/u) : paragraph.split(/(?<=\.) /u);
      return sentences.reverse().join(isChinese ? '' : ' ');
    })
    .join('\n\n');
}

export const obedientModel = (modelId = 'obedient') =>
  scriptedModel(obey, { specification: 'v3', modelId, wordsPerDelta: 12 });

/** Tokens counted unlike any estimate: one for three characters, Chinese two for one. */
export const countOddTokens = async (text: string) => {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return Math.ceil((text.length - han) / 3) + han * 2;
};
