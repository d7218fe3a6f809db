/**
 * From bytes to text: which encoding a file has, or that it is no text. A byte order mark stays, as it does where Node
 * reads a file as a string, so that offsets into the text are offsets into what everybody else reads.
 */
import { SkippedFile } from '../types.js';
import { saveAs } from './media-types.js';

/** What a file that is no text is, by its first bytes. They are no proof that it is none: some of them are words. */
const signatures: [string, string][] = [
  ['504b0304', `a ZIP archive or Office file; ${saveAs}`],
  ['d0cf11e0', `an old Office file; ${saveAs}`],
  ['89504e47', 'a PNG picture'],
  ['ffd8ff', 'a JPEG picture'],
  ['47494638', 'a GIF picture'],
  ['1f8b', 'a gzip archive'],
  ['7f454c46', 'a program'],
  ['47475546', 'a GGUF model'],
];

/** The text of a file. @throws SkippedFile for what is not text. */
export function decodeText(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decode(bytes, 'utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decode(bytes, 'utf-16be');
  const binary = binaryReason(bytes);
  if (binary !== undefined) throw new SkippedFile(`not text: ${signatureOf(bytes) ?? binary}`);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return decode(bytes, 'utf-8');
  try {
    return decode(bytes, 'utf-8', true);
  } catch {
    return decodeLegacy(bytes);
  }
}

const decode = (bytes: Uint8Array, encoding: string, fatal = false) =>
  new TextDecoder(encoding, { fatal, ignoreBOM: true }).decode(bytes);

function signatureOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 8)).toString('hex');
  return signatures.find(([signature]) => head.startsWith(signature))?.[1];
}

function binaryReason(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, 65_536);
  let controls = 0;
  for (const byte of sample) {
    if (byte === 0) return 'it holds zero bytes (UTF-16 needs a byte order mark)';
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) controls++;
  }
  return controls > sample.length / 50 ? 'it holds control characters' : undefined;
}

/**
 * UTF-8 with some damage where most of it reads as UTF-8; else what the file says it is; else GB18030 where high bytes come in
 * pairs, as Chinese text has them; else Windows-1252.
 */
const decodeLegacy = (bytes: Uint8Array) =>
  decodeDamaged(bytes, 'utf-8') ?? decodeDeclared(bytes) ?? guessLegacy(bytes);

/**
 * Nothing where a fifth or more of what is not ASCII is lost: then it is another encoding, which loses more than it
 * gives. GB18030 read as UTF-8 gives two characters for seven losses.
 */
function decodeDamaged(bytes: Uint8Array, encoding: string): string | undefined {
  const text = decode(bytes, encoding);
  let losses = 0;
  let kept = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0xfffd) losses++;
    else if (code >= 0x80) kept++;
  }
  return kept > 4 * losses ? text : undefined;
}

/** By what HTML, XML, CSS or Python say of themselves at the top: `charset="…"`, `encoding="…"`, `coding: …`. */
function decodeDeclared(bytes: Uint8Array): string | undefined {
  const top = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024)).toString('latin1');
  const label = /(?:@charset|(?:charset|coding)\s*[=:])\s*["']?([\w.-]+)/i.exec(top)?.[1];
  if (!label) return undefined;
  try {
    // UTF-8 it is not, and what looks like ASCII to here is no UTF-16.
    return new TextDecoder(label).encoding.startsWith('utf-') ? undefined : decode(bytes, label);
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
  if (paired < 0.8 * high) return decode(bytes, 'windows-1252');
  const text = decodeDamaged(bytes, 'gb18030');
  if (text !== undefined) return text;
  throw new SkippedFile('unknown encoding: neither UTF-8, UTF-16 with a byte order mark, nor GB18030');
}
