/**
 * Text between blocks: the blank lines that formats put around a block belong to the format, all other white space to the
 * text. Holds white space back until it is known which of the two it is, and tells of it: it may end the answer before that.
 */
import { isBlank, trailingBlank, withoutBlankLines } from './markers.js';
import type { OutputEvent } from './output-event.js';

export interface TextFlow {
  push(text: string): OutputEvent[];
  /** A block begins: white space before it goes, and blank lines after it will. */
  block(): void;
  finish(): OutputEvent[];
}

export function createTextFlow(): TextFlow {
  let held = '';
  let afterBlock = false;
  const text = (delta: string): OutputEvent[] => (delta === '' ? [] : [{ type: 'text-delta', delta }]);
  const heldBlank = (delta: string): OutputEvent[] => (delta === '' ? [] : [{ type: 'held-blank', delta }]);
  return {
    push(more) {
      const end = trailingBlank(more);
      const blank = more.slice(end);
      if (end === 0) {
        held += blank;
        return afterBlock ? [] : heldBlank(blank);
      }
      const certain = held + more.slice(0, end);
      held = blank;
      const shown = afterBlock ? withoutBlankLines(certain) : certain;
      afterBlock = false;
      return [...text(shown), ...heldBlank(blank)];
    },
    block() {
      held = '';
      afterBlock = true;
    },
    finish() {
      const rest = afterBlock && [...held].every(isBlank) ? '' : held;
      held = '';
      return text(rest);
    },
  };
}
