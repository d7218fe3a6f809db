/** From bytes to text: which encoding a file has, or that it is no text. */
import { SkippedFile } from '../types.js';

const signatures: [string, string][] = [
  ['504b0304', 'a ZIP archive or Office file; save it as PDF, HTML or Markdown'],
  ['d0cf11e0', 'an old Office file; save it as PDF, HTML or Markdown'],
  ['89504e47', 'a PNG picture'],
  ['ffd8ff', 'a JPEG picture'],
  ['47494638', 'a GIF picture'],
  ['1f8b', 'a gzip archive'],
  ['7f454c46', 'a program'],
  ['47475546', 'a GGUF model'],
];

/** The text of a file, its byte order mark removed. @throws SkippedFile for what is not text. */
export function decodeText(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  refuseBinary(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return decodeLegacy(bytes);
  }
}

function refuseBinary(bytes: Uint8Array): void {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 8)).toString('hex');
  const known = signatures.find(([signature]) => head.startsWith(signature));
  if (known) throw new SkippedFile(`not text: ${known[1]}`);
  const sample = bytes.subarray(0, 65_536);
  let controls = 0;
  for (const byte of sample) {
    if (byte === 0) throw new SkippedFile('not text: it holds zero bytes (UTF-16 needs a byte order mark)');
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) controls++;
  }
  if (controls > sample.length / 50) throw new SkippedFile('not text: it holds control characters');
}

/**
 * UTF-8 with some damage where most of it reads as UTF-8; else what the file says it is; else GB18030 where high bytes come in
 * pairs, as Chinese text has them; else Windows-1252.
 */
function decodeLegacy(bytes: Uint8Array): string {
  const damaged = new TextDecoder('utf-8').decode(bytes);
  const losses = damaged.split('\ufffd').length - 1;
  let ascii = 0;
  for (const byte of bytes) if (byte < 0x80) ascii++;
  // Other encodings read as UTF-8 lose more than they give: GB18030 gives two characters for seven losses.
  if (damaged.length - losses - ascii > 4 * losses) return damaged;
  return decodeDeclared(bytes) ?? guessLegacy(bytes);
}

/** By what HTML, XML, CSS or Python say of themselves at the top: `charset="…"`, `encoding="…"`, `coding: …`. */
function decodeDeclared(bytes: Uint8Array): string | undefined {
  const top = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024)).toString('latin1');
  const label = /(?:@charset|(?:charset|coding)\s*[=:])\s*["']?([\w.-]+)/i.exec(top)?.[1];
  if (!label) return undefined;
  try {
    const decoder = new TextDecoder(label);
    // UTF-8 it is not, and what looks like ASCII to here is no UTF-16.
    return decoder.encoding.startsWith('utf-') ? undefined : decoder.decode(bytes);
  } catch {
    // A name that nobody knows.
    return undefined;
  }
}

function guessLegacy(bytes: Uint8Array): string {
  let high = 0;
  let paired = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at]! < 0x80) continue;
    high++;
    const next = bytes[at + 1] ?? 0;
    if (next >= 0x80 || (next >= 0x30 && next <= 0x39 && (bytes[at + 2] ?? 0) >= 0x81)) {
      paired++;
      at++;
    }
  }
  if (paired >= 0.8 * high) {
    try {
      return new TextDecoder('gb18030', { fatal: true }).decode(bytes);
    } catch {
      throw new SkippedFile('unknown encoding: neither UTF-8, UTF-16 with a byte order mark, nor GB18030');
    }
  }
  return new TextDecoder('windows-1252').decode(bytes);
}
