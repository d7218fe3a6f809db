/**
 * Chooses citations: the ranges of text that hold the most of what the answer may be. Refuses to know: why a span is likely.
 */

/** A span and what share of all likelihood it has; shares of all spans add up to 1. */
export interface LikelySpan {
  /** Offsets into the text of its document. */
  start: number;
  end: number;
  share: number;
  /** Whether a range may go on from the span before it: nothing stands between them. */
  follows: boolean;
  isHeading: boolean;
}

/** Spans from number `from` to before number `to`. */
export interface AnswerWindow {
  from: number;
  to: number;
  /** The likelihood that the answer stands there. */
  share: number;
}

/**
 * At most `limit` windows of whole spans and at most `characters` each, the likeliest first; none shares a span with another.
 * A window is as long as it may be, but does not end with headings. A span that is longer than that is a window of its own.
 */
export function answerWindows(
  spans: readonly LikelySpan[],
  { limit, characters }: { limit: number; characters: number },
): AnswerWindow[] {
  const taken = new Uint8Array(spans.length);
  const windows: AnswerWindow[] = [];
  while (windows.length < limit) {
    const window = likeliest(spans, taken, characters);
    if (!window) break;
    taken.fill(1, window.from, window.to);
    while (window.to > window.from + 1 && spans[window.to - 1]!.isHeading) window.to--;
    windows.push(window);
  }
  return windows;
}

function likeliest(
  spans: readonly LikelySpan[],
  taken: Uint8Array,
  characters: number,
): AnswerWindow | undefined {
  let found: AnswerWindow | undefined;
  let to = 0;
  let share = 0;
  for (let from = 0; from < spans.length; from++) {
    if (to <= from) {
      to = from;
      share = 0;
    }
    if (taken[from]) continue;
    while (to < spans.length && !taken[to]) {
      const isFirst = to === from;
      if (!isFirst && (!spans[to]!.follows || spans[to]!.end - spans[from]!.start > characters)) break;
      share += spans[to++]!.share;
    }
    if (!found || share > found.share) found = { from, to, share };
    share -= spans[from]!.share;
  }
  return found;
}
