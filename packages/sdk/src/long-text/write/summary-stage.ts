/**
 * The first stage: numbered points, each citing passages, of the summary's share of the text. The share is held closely:
 * what is missing is asked for, what runs over is cut at a sentence end; what a model cannot write, the source says.
 * Refuses to know: sections.
 */
import { countWords } from '../words.js';
import { alignCitations } from './align-citations.js';
import { condense, materialRoom } from './condense.js';
import { headOf } from './length.js';
import { checkMarkers, citedNumbers } from './markers.js';
import { type Material, materialText, packMaterial } from './pack.js';
import { evenly, sectionCount, wordsPerCall } from './plan.js';
import { numberedPoints, parsePoints, titleOf } from './points.js';
import { promptsOf } from './prompts.js';
import { quoteHeads, quoteSource } from './quote-source.js';
import { cite, doUnit, isOver, type UnitResult, type WriteRun } from './run.js';
import type { StageMeter } from './stage-meter.js';
import { writeToLength } from './write-to-length.js';

/** Part of the target by which the summary may miss its share; 2 points are promised. */
const shareTolerance = 0.015;
const place = { stage: 'summary' } as const;

/** The points, without numbers; never empty. */
export async function writePoints(run: WriteRun, meter: StageMeter): Promise<string[]> {
  const { settings } = run;
  const words = settings.targetWords * settings.summaryRatio;
  const parts = Math.max(1, Math.ceil(words / wordsPerCall(meter.settings)));
  const room = await materialRoom(run, meter, words / parts);
  const condensed = await condense(run, meter, room.material, parts);
  const points: string[] = [];
  if (condensed) {
    const materials = await share(condensed.groups, parts, room.material, meter);
    const counts = evenly(Math.max(parts, sectionCount(settings)), parts);
    for (const [i, material] of materials.entries()) {
      const name = `summary/part/${i + 1}`;
      if (isOver(run, meter, name)) break;
      const left = (words - countWords(numberedPoints(points))) / (parts - i);
      const part: Part = {
        material,
        isNotes: condensed.isNotes,
        before: points,
        beforeTokens: room.before,
        points: counts[i]!,
        words: Math.max(words / parts / 2, Math.min(left, (words / parts) * 1.5)),
      };
      const unit = await doUnit(run, meter, name, place, () => writePart(run, meter, part));
      const written = unit.text.split('\n').filter(Boolean);
      if (unit.isResumed && written.length > 0)
        run.emit({ type: 'text-delta', ...place, text: numberedPoints(written, points.length + 1) });
      points.push(...written);
    }
  }
  const missing = words - countWords(numberedPoints(points));
  const isShort = missing > shareTolerance * settings.targetWords && !meter.ended;
  if (points.length === 0 || isShort || run.journal.has(quotedUnit))
    points.push(...(await quoted(run, meter, points, missing)));
  cite(run, 'summary', citedNumbers(points.join('\n')));
  return points;
}

/** One group a part: groups of their own where the material allows it, else groups are read again. */
async function share(
  groups: Material[][],
  parts: number,
  room: number,
  meter: StageMeter,
): Promise<Material[][]> {
  let shared = groups;
  if (groups.length < parts) {
    const { countTokens } = meter.settings;
    const all = groups.flat();
    const total = await countTokens(materialText(all));
    const largest = Math.max(...(await Promise.all(all.map((item) => countTokens(materialText([item]))))));
    const balanced = await packMaterial(
      all,
      Math.min(room, Math.max(largest, Math.ceil((total / parts) * 1.1))),
      meter.settings,
    );
    if (balanced.length <= parts) shared = balanced;
  }
  return Array.from({ length: parts }, (_, i) => shared[Math.floor((i * shared.length) / parts)]!);
}

interface Part {
  material: readonly Material[];
  isNotes: boolean;
  before: readonly string[];
  beforeTokens: number;
  points: number;
  words: number;
}

async function writePart(run: WriteRun, meter: StageMeter, part: Part): Promise<UnitResult> {
  const { settings, embed, signal } = run;
  const { system, points } = promptsOf(settings.language);
  const tolerance = (shareTolerance * settings.targetWords) / part.words;
  const shown = part.material.filter((item) => 'number' in item);
  const standing = (own: string) => [...part.before, ...own.split('\n').filter(Boolean)];
  const { text, warnings } = await writeToLength(
    {
      words: part.words,
      mayLack: Math.min(0.15, tolerance),
      mayExceed: Math.min(0.1, tolerance),
      ask: async (words, own) => {
        const before = standing(own);
        const prompt = points({
          instruction: settings.instruction,
          material: materialText(part.material),
          isNotes: part.isNotes,
          points: pointsLeft(part, own, words),
          from: before.length + 1,
          words,
          before: await remindOf(before, part.beforeTokens, meter),
        });
        return { system, prompt };
      },
      settle: async (piece) => {
        const kept: string[] = [];
        const dropped: string[] = [];
        for (const point of parsePoints(piece)) {
          const checked = await checkMarkers(point, run.passages, embed, signal);
          const { text } = await alignCitations(checked.text, shown);
          const isNew = !part.before.includes(text) && !kept.includes(text);
          if (isNew && /[\p{L}\p{N}]/u.test(text)) kept.push(text);
          dropped.push(...checked.warnings);
        }
        return { text: kept.join('\n'), warnings: dropped };
      },
      join: (before, piece) => [before, piece].filter(Boolean).join('\n'),
      measure: (own) => countWords(numberedPoints(own.split('\n').filter(Boolean))),
      onDelta: (delta) => run.emit({ type: 'text-delta', ...place, text: delta }),
    },
    meter,
    signal,
  );
  return { text, warnings };
}

/** Points that the missing words are to bring: as many as are missing, or those that the words suffice for. */
function pointsLeft(part: Part, own: string, words: number): number {
  const standing = own.split('\n').filter(Boolean).length;
  return Math.max(1, Math.min(part.points - standing, Math.round((part.points * words) / part.words)));
}

/** The latest points in few words, as many as `tokens` hold: enough not to be repeated. */
async function remindOf(points: readonly string[], tokens: number, meter: StageMeter): Promise<string> {
  let reminder = '';
  for (const [i, point] of [...points.entries()].reverse()) {
    const line = `${i + 1}. ${titleOf(point) ?? headOf(point, 12)}`;
    const longer = reminder ? `${line}\n${reminder}` : line;
    if ((await meter.settings.countTokens(longer)) > tokens) break;
    reminder = longer;
  }
  return reminder;
}

const quotedUnit = 'summary/quoted';

/** Sentences of the source for the words that the model's points lack. */
async function quoted(
  run: WriteRun,
  meter: StageMeter,
  points: readonly string[],
  words: number,
): Promise<string[]> {
  const unit = await doUnit(run, meter, quotedUnit, place, async () => {
    const request = {
      material: run.passages,
      words,
      mayExceed: shareTolerance * run.settings.targetWords,
      before: 1,
      beside: points.join('\n'),
    };
    const quotes = await quoteSource(run, request);
    if (quotes.length === 0 && points.length === 0) quotes.push(...quoteHeads(run.passages));
    const part = points.length === 0 ? 'no summary' : 'too short a summary';
    const stands = points.length === 0 ? 'in its place' : 'for what is missing';
    return {
      text: quotes.join('\n'),
      warnings:
        quotes.length > 0 ? [`The model wrote ${part}: sentences of the source stand ${stands}.`] : [],
    };
  });
  const quotes = unit.text.split('\n').filter(Boolean);
  if (quotes.length > 0)
    run.emit({ type: 'text-delta', ...place, text: numberedPoints(quotes, points.length + 1) });
  return quotes;
}
