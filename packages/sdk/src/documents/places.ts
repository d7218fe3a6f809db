/**
 * From offsets in a document's text to places in its file: line, page and, for HTML, the offsets in the markup.
 * A run is five numbers: offset in the text, offset in the file, length in the file, line in the file, length in the text.
 */
import type { FilePlace } from './types.js';

export const runWidth = 5;

interface Placed {
  text: string;
  pages?: Int32Array;
  runs?: Int32Array;
}

const lineStartsOf = new WeakMap<object, Int32Array>();

/** The place in the file of `text.slice(start, end)`; both ends should stand on characters, not on blanks between blocks. */
export function placeInFile(source: Placed, start: number, end: number): FilePlace {
  const place: FilePlace = source.runs
    ? placeInMarkup(lineStarts(source), source.runs, start, end)
    : { start, end, line: lastAtOrBefore(lineStarts(source), start) + 1 };
  if (source.pages && source.pages.length > 0) place.page = lastAtOrBefore(source.pages, start) + 1;
  return place;
}

/** @param starts of the lines of the text: within a run, which stands on several in preformatted text alone, they are the file's. */
function placeInMarkup(starts: Int32Array, runs: Int32Array, start: number, end: number): FilePlace {
  if (runs.length === 0) return { start: 0, end: 0, line: 1 };
  const first = runAt(runs, start);
  const last = runAt(runs, Math.max(start, end - 1));
  const runStart = runs[first]!;
  const inFirst = Math.min(Math.max(runStart, start), runStart + runs[first + 2]!);
  const line = runs[first + 3]! + lastAtOrBefore(starts, inFirst) - lastAtOrBefore(starts, runStart);
  const textLength = runs[last + 4]!;
  const inRun = end - runs[last]!;
  const fileEnd =
    runs[last + 1]! + (inRun >= textLength ? runs[last + 2]! : Math.min(inRun, runs[last + 2]!));
  const fileStart = runs[first + 1]! + Math.min(Math.max(0, start - runs[first]!), runs[first + 2]!);
  return { start: fileStart, end: Math.max(fileStart, fileEnd), line };
}

function runAt(runs: Int32Array, offset: number): number {
  let low = 0;
  let high = runs.length / runWidth - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (runs[middle * runWidth]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low * runWidth;
}

/** What ends its lines: a lone CR, as on old Macs, where no LF stands in all of it. */
export const newlineOf = (text: string) => (text.includes('\n') ? '\n' : '\r');

/** Index of the last entry that is not above `value`; 0 where all are. */
export function lastAtOrBefore(sorted: Int32Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function lineStarts(source: Placed): Int32Array {
  let starts = lineStartsOf.get(source);
  if (!starts) {
    const found = [0];
    const newline = source.runs ? '\n' : newlineOf(source.text);
    for (let at = source.text.indexOf(newline); at >= 0; at = source.text.indexOf(newline, at + 1))
      found.push(at + 1);
    starts = Int32Array.from(found);
    lineStartsOf.set(source, starts);
  }
  return starts;
}
