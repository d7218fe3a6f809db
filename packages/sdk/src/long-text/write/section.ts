/** A section of the text, and how it stands there. */

export interface Section {
  /** From 1. */
  number: number;
  title?: string;
  /** Without its title. */
  text: string;
}

export const sectionText = ({ title, text }: Section) => (title ? `## ${title}\n\n${text}` : text);

/** The text without a heading that the model wrote although the section has one. */
export function withoutHeading(text: string, title: string | undefined): string {
  const [first = '', ...rest] = text.split('\n');
  const plain = first.replace(/^[#*\s]+|[*:：\s]+$/gu, '');
  const isHeading = /^#{1,6}\s/u.test(first) || (title !== undefined && plain === title);
  return isHeading && rest.join('').trim() !== '' ? rest.join('\n').trim() : text;
}
