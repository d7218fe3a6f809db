/** Reads numbered points out of what a model wrote, however it numbered them. Refuses to know: citations, lengths. */
import { splitSentences } from '../sentences.js';

const numbered =
  /^\s*(?:[-*+•]\s+)?(?:\*\*)?\(?(?:第)?(\d{1,3})(?:[.)、．:：）]|点[：:])(?!\d)\s*(?:\*\*(?=\s))?\s*/u;
const bullet = /^\s*[-*+•]\s+/u;
const rule = /^\s*(?:#{1,6}\s.*|[-*_=]{3,}|```.*)$/u;

/** One line each, without numbers. Chatter before the first number goes; a text without numbers falls into lines. */
export function parsePoints(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !rule.test(line));
  if (!lines.some((line) => numbered.test(line))) {
    return lines.map((line) => line.replace(bullet, '').trim()).filter((line) => !/[:：]$/u.test(line));
  }
  const points: string[] = [];
  let before = '';
  for (const line of lines) {
    if (numbered.test(line)) points.push(line.replace(numbered, '').trim());
    else if (points.length > 0) points.push(joinLines(points.pop()!, line.replace(bullet, '').trim()));
    else before = joinLines(before, line.trim());
  }
  if (before !== '' && !/[:：]$/u.test(before)) points.unshift(before);
  return points.filter((point) => /[\p{L}\p{N}]/u.test(point));
}

const joinLines = (a: string, b: string) => {
  if (!a || !b) return a || b;
  return /[\p{Script=Han}。！？，；：]$/u.test(a) && /^[\p{Script=Han}]/u.test(b) ? a + b : `${a} ${b}`;
};

export const numberedPoints = (points: readonly string[], from = 1) =>
  points.map((point, i) => `${from + i}. ${point}`).join('\n');

/** The short title that a point begins with, if it does: `**Title.** Statement`. */
export function titleOf(point: string): string | undefined {
  const title = /^\*\*([^*\n]{2,80})\*\*/u
    .exec(point)?.[1]
    ?.replace(/[\s.:。：,，;；]+$/u, '')
    .trim();
  return title && !/\[\d/.test(title) ? title : undefined;
}

/** Points joined to `count` neighbours' groups; a single long point is split at its sentences. */
export function groupPoints(points: readonly string[], count: number): string[] {
  const units =
    points.length === 1 && count > 1 ? splitSentences(points[0]!).map(({ text }) => text) : points;
  const groups = Math.min(count, units.length);
  return Array.from({ length: groups }, (_, i) =>
    units
      .slice(Math.floor((i * units.length) / groups), Math.floor(((i + 1) * units.length) / groups))
      .join('\n'),
  );
}
