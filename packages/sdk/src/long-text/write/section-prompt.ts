/**
 * The prompt of a section, made to fit the model: as many passages as there is room for, the whole outline where it
 * fits. What has to be left out is said. Refuses to know: what the model answers.
 */
import { passagesText } from '../prompts.js';
import { headOf, tailOf } from './length.js';
import { contextOverflow, promptRoom } from './model-call.js';
import type { Passage } from './passages.js';
import { numberedPoints, titleOf } from './points.js';
import { promptsOf, type SectionRequest } from './prompts.js';
import type { WriteSettings } from './settings.js';

const tailWords = 120;
const shortPointWords = 60;
const shortTailWords = 40;
/** Passages that a section should at least see before its outline may be long. */
const wantedPassages = 2;

export interface SectionFacts {
  /** Points of all sections. */
  points: readonly string[];
  /** Index of the section. */
  index: number;
  /** Best first. */
  candidates: readonly Passage[];
  /** Text before this call's. */
  before: string;
  words: number;
  isContinued: boolean;
}

export interface FittedPrompt {
  system: string;
  prompt: string;
  /** The outline or the point had to be told in short. */
  isShortened: boolean;
}

type Outline = Pick<SectionRequest, 'outline' | 'point' | 'tail'>;

export async function fitSectionPrompt(settings: WriteSettings, facts: SectionFacts): Promise<FittedPrompt> {
  const stage = settings.expand;
  const { system, section } = promptsOf(settings.language);
  const room = promptRoom(stage, facts.words);
  const render = (outline: Outline, passages: readonly Passage[]) =>
    section({
      instruction: settings.instruction,
      ...outline,
      passages: passagesText([...passages].sort((a, b) => a.number - b.number)),
      section: facts.index + 1,
      sections: facts.points.length,
      words: facts.words,
      isContinued: facts.isContinued,
    });
  const fits = async (prompt: string) => (await stage.countTokens(`${system}\n\n${prompt}`)) <= room;
  const outlines = outlinesOf(facts);
  for (const [rank, outline] of outlines.entries()) {
    const passages: Passage[] = [];
    for (const candidate of facts.candidates) {
      if (await fits(render(outline, [...passages, candidate]))) passages.push(candidate);
    }
    const isEnough = passages.length >= Math.min(wantedPassages, facts.candidates.length);
    const isLast = rank === outlines.length - 1 && passages.length > 0;
    if (isEnough || isLast) return { system, prompt: render(outline, passages), isShortened: rank > 0 };
  }
  const least = `${system}\n\n${render(outlines.at(-1)!, facts.candidates.slice(0, 1))}`;
  throw contextOverflow(stage, await stage.countTokens(least), stage.contextTokens - room);
}

/** From the fullest to the shortest. */
function outlinesOf({ points, index, before }: SectionFacts): Outline[] {
  const own = points[index]!;
  const short = (point: string) => titleOf(point) ?? headOf(point, 12);
  const isLong = own.length > headOf(own, shortPointWords).length;
  const brief = isLong ? `${headOf(own, shortPointWords)}…` : own;
  const tail = tailOf(before, tailWords);
  return [
    { outline: numberedPoints(points), point: own, tail },
    { outline: numberedPoints(points.map(short)), point: own, tail },
    { outline: '', point: own, tail: tailOf(before, shortTailWords) },
    { outline: '', point: brief, tail: '' },
  ];
}
