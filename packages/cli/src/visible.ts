/** Control characters as their pictures: what a model or a document says must not steer a terminal. Line ends and tabs pass. */
export function visible(text: string): string {
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|[\x80-\x9f]/g, (control) => {
    const code = control.charCodeAt(0);
    if (code >= 0x80) return '\ufffd';
    return String.fromCharCode(code === 0x7f ? 0x2421 : 0x2400 + code);
  });
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** A text as it is written there: as it is, but for terminals. */
export const textFor = ({ isTTY }: Output, text: string): string => (isTTY ? visible(text) : text);
