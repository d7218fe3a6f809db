/**
 * The second stage: a section for each point, of its share of the words. The model sees the instruction, the points as
 * outline, the passages that support the section's own point, and the end of the text before.
 * Refuses to know: how points came about, polish.
 */
import { countWords } from '../words.js';
import { alignCitations } from './align-citations.js';
import { joinTexts } from './length.js';
import { checkMarkers, citedNumbers } from './markers.js';
import { nextSectionWords, sectionCount } from './plan.js';
import { groupPoints, numberedPoints, titleOf } from './points.js';
import { quoteSource } from './quote-source.js';
import { cite, doUnit, isOver, type UnitResult, type WriteRun, warn } from './run.js';
import { type Section, sectionText, withoutHeading } from './section.js';
import { fitSectionPrompt } from './section-prompt.js';
import type { StageMeter } from './stage-meter.js';
import { PassageFinder } from './support.js';
import { writeToLength } from './write-to-length.js';

const passagesAtMost = 8;
const mayLack = 0.15;
const mayExceed = 0.1;

/** Sections in order, told to `onSection` as they are finished; those that came out empty are left out with a warning. */
export async function expandPoints(
  run: WriteRun,
  meter: StageMeter,
  points: readonly string[],
  onSection: (section: Section) => void,
): Promise<Section[]> {
  const groups = groupPoints(points, sectionCount(run.settings));
  const summary = numberedPoints(points);
  const budget = Math.max(0, run.settings.targetWords - countWords(summary));
  const finder = new PassageFinder(run.passages, run.embed, run.signal);
  const sections: Section[] = [];
  let left = budget;
  for (const [index, point] of groups.entries()) {
    const [name, number] = [`expand/${index + 1}`, index + 1];
    if (isOver(run, meter, name)) break;
    const title = titleOf(point);
    const planned = nextSectionWords(left, groups.length - index, budget / groups.length);
    const words = Math.max(1, planned - countWords(title ?? ''));
    const place = { stage: 'expand', section: number } as const;
    run.emit({
      type: 'section-start',
      ...place,
      sections: groups.length,
      words: planned,
      ...(title && { title }),
    });
    const before = [summary, ...sections.map(sectionText)].join('\n\n');
    const unit = await doUnit(run, meter, name, place, () =>
      writeSection(run, meter, finder, { points: groups, index, before, words, title }),
    );
    const { text } = unit;
    if (unit.isResumed && text) run.emit({ type: 'text-delta', ...place, text });
    cite(run, 'expand', citedNumbers(text));
    const section: Section = { number, text, ...(title && { title }) };
    const written = text ? countWords(sectionText(section)) : 0;
    left -= written;
    run.emit({
      type: 'section-end',
      ...place,
      words: written,
      text,
      ...(unit.isResumed && { resumed: true }),
    });
    if (!text) continue;
    sections.push(section);
    onSection(section);
  }
  if (sections.length < groups.length && meter.ended)
    warn(run, `${sections.length} of ${groups.length} sections were written.`, { stage: 'expand' });
  return sections;
}

interface SectionTask {
  points: readonly string[];
  index: number;
  before: string;
  words: number;
  title: string | undefined;
}

async function writeSection(
  run: WriteRun,
  meter: StageMeter,
  finder: PassageFinder,
  { points, index, before, words, title }: SectionTask,
): Promise<UnitResult> {
  const candidates = await finder.find(points[index]!, passagesAtMost);
  let isShortened = false;
  let aligned = 0;
  let isCited = false;
  const written = await writeToLength(
    {
      words,
      mayLack,
      mayExceed,
      ask: async (asked, own) => {
        const fitted = await fitSectionPrompt(run.settings, {
          points,
          index,
          candidates,
          before: joinTexts(before, own),
          words: asked,
          isContinued: own !== '',
        });
        isShortened ||= fitted.isShortened;
        return fitted;
      },
      settle: async (piece) => {
        const checked = await checkMarkers(withoutHeading(piece, title), run.passages, run.embed, run.signal);
        isCited ||= checked.cited.length > 0;
        const found = await alignCitations(checked.text, candidates);
        aligned += found.added;
        return { text: found.text, warnings: checked.warnings };
      },
      join: joinTexts,
      measure: countWords,
      onDelta: (delta) => run.emit({ type: 'text-delta', stage: 'expand', section: index + 1, text: delta }),
    },
    meter,
    run.signal,
  );
  const { warnings } = written;
  const section = `Section ${index + 1}`;
  let { text } = written;
  if (written.hasLooped && !meter.ended) {
    const quotes = await quotesFor(run, finder, points[index]!, words, text);
    text = joinTexts(text, quotes.join(' '));
    if (quotes.length > 0)
      warnings.push(
        `${section}: its model went round in circles; ${quotes.length} sentences of the source stand for the rest.`,
      );
  }
  if (isShortened)
    warnings.push(`${section}: the model saw the outline in short, its context holds no more.`);
  if (!text && !meter.ended) warnings.push(`${section} came out empty; its point stands in the summary.`);
  else if (text && citedNumbers(text).length === 0) warnings.push(`${section} cites nothing.`);
  else if (!isCited && aligned > 0)
    warnings.push(
      `${section}: its model cites nothing; ${aligned} sentences that repeat a passage were given its number.`,
    );
  return { text, warnings };
}

/** Sentences of the likest passages for what a section lacks, and of further ones while it still lacks too much. */
async function quotesFor(
  run: WriteRun,
  finder: PassageFinder,
  point: string,
  words: number,
  text: string,
): Promise<string[]> {
  const passages = await finder.find(point, run.passages.length);
  const quotes: string[] = [];
  for (let at = 0; at < passages.length; at += passagesAtMost) {
    const beside = [text, ...quotes].join(' ');
    const missing = words - countWords(beside);
    if (missing <= words * mayLack) break;
    const material = passages.slice(at, at + passagesAtMost);
    quotes.push(...(await quoteSource(run, { material, words: missing, beside })));
  }
  return quotes;
}
