/** Control characters as their pictures: what a model or a document says must not steer a terminal. Line ends and tabs pass. */
export function visible(text: string): string {
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|[\x80-\x9f]/g, (control) => {
    const code = control.charCodeAt(0);
    if (code >= 0x80) return '\ufffd';
    return String.fromCharCode(code === 0x7f ? 0x2421 : 0x2400 + code);
  });
}

/** A value as a line of JSON that steers no terminal: of control characters, JSON itself escapes those below U+0020 alone. */
export const jsonLine = (value: unknown): string =>
  `${(JSON.stringify(value) ?? 'null').replace(/[\x7f-\x9f]/g, escaped)}\n`;

const escaped = (control: string) => `\\u00${control.charCodeAt(0).toString(16)}`;

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** A text as it is written there: as it is, but for terminals. */
export const textFor = ({ isTTY }: Output, text: string): string => (isTTY ? visible(text) : text);
