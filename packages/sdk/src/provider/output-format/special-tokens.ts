/**
 * Takes the special tokens out of a text, all but those that a format reads. Needed where a tokenizer calls the markers of
 * its format special, so that the engine cannot be asked to leave special tokens out.
 */
import { findMarker, heldLength } from './markers.js';

export interface TextFilter {
  push(textDelta: string): string;
  finish(): string;
}

export function withoutSpecialTokens(specialTokens: readonly string[], kept: readonly string[]): TextFilter {
  const dropped = specialTokens.filter((token) => token !== '' && !kept.includes(token));
  let held = '';
  return {
    push(textDelta) {
      let rest = held + textDelta;
      let text = '';
      for (let found = findMarker(rest, dropped); found; found = findMarker(rest, dropped)) {
        text += rest.slice(0, found.at);
        rest = rest.slice(found.at + found.marker.length);
      }
      const certain = rest.length - heldLength(rest, dropped);
      held = rest.slice(certain);
      return text + rest.slice(0, certain);
    },
    finish() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}

export const unfiltered: TextFilter = { push: (textDelta) => textDelta, finish: () => '' };
