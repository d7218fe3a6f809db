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

/** GB18030 where high bytes come in pairs, as Chinese text has them; else Windows-1252. */
function decodeLegacy(bytes: Uint8Array): string {
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
  const damagedUtf8 = new TextDecoder('utf-8').decode(bytes);
  const losses = damagedUtf8.split('\ufffd').length - 1;
  const wide = damagedUtf8.length - losses - bytes.length + high;
  if (wide > 20 * losses) return damagedUtf8;
  if (paired >= 0.8 * high) {
    try {
      return new TextDecoder('gb18030', { fatal: true }).decode(bytes);
    } catch {
      throw new SkippedFile('unknown encoding: neither UTF-8, UTF-16 with a byte order mark, nor GB18030');
    }
  }
  return new TextDecoder('windows-1252').decode(bytes);
}
