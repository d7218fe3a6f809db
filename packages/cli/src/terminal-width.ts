/** How much of a line a text takes on a terminal, where some characters take two columns and some none (UAX #11). */

const wide =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;
const joined = /[\p{Mn}\p{Me}\p{Cf}]/u;

const columnsOf = (character: string) => (joined.test(character) ? 0 : wide.test(character) ? 2 : 1);

/** @returns columns */
export function widthOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOf(character);
  return columns;
}

/** The end of a text, as much of it as so many columns hold. */
export function endWithin(text: string, columns: number): string {
  const characters = [...text];
  let from = characters.length;
  let kept = from;
  for (let left = columns; from > 0 && left > 0; ) {
    from -= 1;
    const taken = columnsOf(characters[from]!);
    left -= taken;
    // What stands on another character is nothing without it.
    if (left >= 0 && taken > 0) kept = from;
  }
  return characters.slice(kept).join('');
}
