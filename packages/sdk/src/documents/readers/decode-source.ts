/** One file's bytes to its text, or why they are no document. Parses nothing. */
import { SkippedFile } from '../types.js';
import { type DecodedText, decodeText } from './decode-text.js';
import { binaryName, fileKind } from './media-types.js';
import { isPdf } from './pdf.js';

/**
 * The decoded file; nothing for a PDF, whose text is taken from its pages.
 * @throws SkippedFile with the reason for what is no document by its name or its bytes
 */
export function decodeSource(path: string, bytes: Uint8Array): DecodedText | undefined {
  const binary = binaryName(path);
  if (binary) throw new SkippedFile(binary);
  const isNamedPdf = fileKind(path).reader === 'pdf';
  if (isPdf(bytes, isNamedPdf)) return undefined;
  if (isNamedPdf) throw new SkippedFile('not a PDF: no %PDF in its first 1,024 bytes');
  return decodeText(bytes);
}
