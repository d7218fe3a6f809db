/**
 * Reasoning that a model writes before its answer, between two markers (Qwen3, DeepSeek-R1: `<think>` and `</think>`). A
 * block opens where the answer has not begun yet, or was opened by the prompt; a marker that the answer speaks of later is
 * text. The text itself goes on to whoever tells tool calls apart.
 */
import {
  findMarker,
  heldLength,
  leadingBlank,
  trailingBlank,
  withoutBlankLines,
  withoutUnfinished,
} from './markers.js';
import type { OutputEvent, OutputSplitter } from './output-event.js';

export interface ReasoningMarkers {
  readonly open: string;
  readonly close: string;
}

/**
 * @param openedByPrompt the prompt ended with the opening marker, so that the answer begins inside the block
 * @param answer who takes the text that is no reasoning
 */
export function splitReasoning(
  { open, close }: ReasoningMarkers,
  openedByPrompt: boolean,
  answer: OutputSplitter,
): OutputSplitter {
  let state: 'before' | 'inside' | 'answer' = 'before';
  /** Inside without a marker of its own: the prompt has opened the block. */
  let opened = openedByPrompt;
  let afterBlock = false;
  /** Reasoning of this block has been shown. */
  let shown = false;
  let held = '';

  const inside = (): OutputEvent[] => {
    const found = findMarker(held, [close]);
    const end = trailingBlank(
      found ? held.slice(0, found.at) : held.slice(0, held.length - heldLength(held, [close])),
    );
    const events: OutputEvent[] = [];
    if (end > 0) {
      const certain = held.slice(0, end);
      events.push({ type: 'reasoning-delta', delta: shown ? certain : withoutBlankLines(certain) });
      shown = true;
    }
    if (!found) {
      held = held.slice(end);
      return events;
    }
    held = held.slice(found.at + close.length);
    state = 'before';
    opened = false;
    afterBlock = true;
    events.push({ type: 'reasoning-end' });
    return [...events, ...before()];
  };

  const before = (): OutputEvent[] => {
    const rest = held.slice(leadingBlank(held));
    if (rest.length < open.length && open.startsWith(rest)) return [];
    if (rest.startsWith(open) || opened) {
      if (rest.startsWith(open)) held = rest.slice(open.length);
      state = 'inside';
      shown = false;
      return inside();
    }
    state = 'answer';
    const text = afterBlock ? withoutBlankLines(held) : held;
    held = '';
    return answer.push(text);
  };

  return {
    push(textDelta) {
      if (state === 'answer') return answer.push(textDelta);
      held += textDelta;
      return state === 'inside' ? inside() : before();
    },
    finish() {
      const rest = held;
      held = '';
      if (state === 'answer') return answer.finish();
      const left = withoutUnfinished(rest, [state === 'inside' ? close : open]);
      const body = left.slice(0, trailingBlank(left));
      const blank = body === '';
      if (state === 'inside' || (opened && !blank)) {
        const delta = shown ? body : withoutBlankLines(body);
        return [
          ...(blank ? [] : [{ type: 'reasoning-delta' as const, delta }]),
          { type: 'reasoning-end' },
          ...answer.finish(),
        ];
      }
      if (opened || (afterBlock && blank)) return answer.finish();
      return [...answer.push(afterBlock ? withoutBlankLines(left) : left), ...answer.finish()];
    },
    get inReasoning() {
      return state === 'inside' || (state === 'before' && opened);
    },
  };
}
