/**
 * The third stage: sections written anew for flow, one after another. What comes back without one of its citations, or
 * far from its length, is refused, and the section stays as it was.
 * Refuses to know: points, passages beyond what markers cite.
 */
import { countWords } from '../words.js';
import { piecesOf, tailOf } from './length.js';
import { checkMarkers, citedNumbers } from './markers.js';
import { callModel, promptRoom } from './model-call.js';
import { wordsPerCall } from './plan.js';
import { promptsOf } from './prompts.js';
import { cite, doUnit, isOver, type UnitResult, type WriteRun } from './run.js';
import { type Section, sectionText, withoutHeading } from './section.js';
import type { WriteSettings } from './settings.js';
import type { StageMeter } from './stage-meter.js';
import { wholeText } from './write-to-length.js';

const tailWords = 120;
/** Deviation from the section's length beyond which the rewriting is refused. */
const mayDeviate = 0.25;
const shortTailWords = 40;
/** Pieces that a section is cut into are no shorter. */
const leastPieceWords = 8;
/** Room for an answer somewhat longer than the draft. */
const outputReserve = 1.1;

export async function polishSections(
  run: WriteRun,
  meter: StageMeter,
  sections: readonly Section[],
  before: string,
  onSection: (section: Section) => void,
): Promise<Section[]> {
  const polished: Section[] = [];
  for (const section of sections) {
    const name = `polish/${section.number}`;
    if (isOver(run, meter, name)) {
      polished.push(section);
      onSection(section);
      continue;
    }
    const place = { stage: 'polish', section: section.number } as const;
    const { title } = section;
    run.emit({
      type: 'section-start',
      ...place,
      sections: sections.length,
      words: countWords(sectionText(section)),
      ...(title && { title }),
    });
    const tail = tailOf([before, ...polished.map(sectionText)].join('\n\n'), tailWords);
    const unit = await doUnit(run, meter, name, place, () => polishSection(run, meter, section, tail));
    if (unit.isResumed) run.emit({ type: 'text-delta', ...place, text: unit.text });
    cite(run, 'polish', citedNumbers(unit.text));
    const kept = { ...section, text: unit.text };
    run.emit({
      type: 'section-end',
      ...place,
      words: countWords(sectionText(kept)),
      text: unit.text,
      ...(unit.rejected && { rejected: true }),
      ...(unit.isResumed && { resumed: true }),
    });
    polished.push(kept);
    onSection(kept);
  }
  return polished;
}

/** The section anew, piece by piece where the model cannot hold it at once; as it was where that fails. */
async function polishSection(
  run: WriteRun,
  meter: StageMeter,
  section: Section,
  before: string,
): Promise<UnitResult> {
  const asItWas = (reason: string): UnitResult => ({
    text: section.text,
    warnings: [`Section ${section.number} stays as it was expanded: ${reason}.`],
    rejected: true,
  });
  const pieces = await fittingPieces(run, meter, section.text);
  if (!pieces) return asItWas('the context of the polishing model does not hold a sentence of it');
  const texts: string[] = [];
  for (const piece of pieces) {
    const tail = texts.length > 0 ? tailOf(texts.join('\n\n'), tailWords) : before;
    const text = await rewrite(run, meter, section, piece, tail);
    // A deadline or budget within the section: it stays as it was, and the stage says why it ended.
    if (text === 'ended') return { text: section.text, warnings: [], rejected: true };
    if (text === 'too long') return asItWas(`polishing made it longer by more than ${mayDeviate * 100} %`);
    texts.push(text.whole);
  }
  const whole = withoutHeading(texts.filter(Boolean).join('\n\n'), section.title);
  const { text } = await checkMarkers(whole, run.passages, run.embed, run.signal);
  const reason = refusal(section.text, text);
  return reason ? asItWas(reason) : { text, warnings: [] };
}

function refusal(before: string, after: string): string | undefined {
  const [had, has] = [countWords(before), countWords(after)];
  if (Math.abs(has - had) > mayDeviate * had)
    return `polishing changed its length from ${Math.round(had)} to ${Math.round(has)} words`;
  const kept = new Set(citedNumbers(after));
  const lost = citedNumbers(before).filter((number) => !kept.has(number));
  return lost.length > 0 ? `polishing lost ${lost.map((number) => `[${number}]`).join(', ')}` : undefined;
}

async function rewrite(
  { settings, emit, signal }: WriteRun,
  meter: StageMeter,
  section: Section,
  piece: string,
  tail: string,
): Promise<'ended' | 'too long' | { whole: string }> {
  const words = countWords(piece);
  const { system, prompt } = await fitPrompt(settings, meter, piece, tail);
  const most = words * (1 + mayDeviate);
  const result = await callModel(
    {
      system,
      prompt,
      words: words * outputReserve,
      isEnough: (text) => countWords(text) > most,
      onDelta: (text) => emit({ type: 'text-delta', stage: 'polish', section: section.number, text }),
    },
    meter,
    signal,
  );
  if (result.end === 'ended') return 'ended';
  // Cutting it would lose what stands at its end.
  if (countWords(result.text) > most) return 'too long';
  return { whole: wholeText(result, words, most).text };
}

/** With as much of the text before as there is room for. */
async function fitPrompt(settings: WriteSettings, meter: StageMeter, text: string, before: string) {
  const words = countWords(text);
  for (const tail of [before, tailOf(before, shortTailWords)]) {
    const fitted = polishPrompt(settings, text, tail);
    if (await isFitting(fitted, meter, words)) return fitted;
  }
  return polishPrompt(settings, text, '');
}

function polishPrompt(settings: WriteSettings, text: string, tail: string) {
  const { system, polish } = promptsOf(settings.language);
  return {
    system,
    prompt: polish({ instruction: settings.instruction, text, tail, words: countWords(text) }),
  };
}

async function isFitting(
  { system, prompt }: { system: string; prompt: string },
  { settings }: StageMeter,
  words: number,
): Promise<boolean> {
  const inputTokens = await settings.countTokens(`${system}\n\n${prompt}`);
  return inputTokens <= promptRoom(settings, words * outputReserve);
}

/** The section in as few pieces as the model's context and calls allow, or nothing where not even a few words fit. */
async function fittingPieces(
  { settings }: WriteRun,
  meter: StageMeter,
  text: string,
): Promise<string[] | undefined> {
  const perCall = wordsPerCall(meter.settings);
  let words = Math.min(countWords(text), perCall / outputReserve);
  do {
    const pieces = piecesOf(text, words);
    let fits = true;
    for (const piece of pieces) {
      const size = countWords(piece);
      fits &&= size <= perCall && (await isFitting(polishPrompt(settings, piece, ''), meter, size));
    }
    if (fits) return pieces;
    words /= 2;
  } while (words >= leastPieceWords);
  return undefined;
}
