/**
 * From bytes to text: which encoding a file has, or that it is no text. A byte order mark stays, as it does where Node
 * reads a file as a string, so that offsets into the text are offsets into what everybody else reads.
 */
import { SkippedFile } from '../types.js';
import { likeliestEncoding } from './guess-encoding.js';
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

export interface DecodedText {
  text: string;
  /** Where the text may be another one than its writer's. */
  warning?: string;
}

/** The text of a file. @throws SkippedFile for what is not text. */
export function decodeText(bytes: Uint8Array): DecodedText {
  if (beginsWith(bytes, 0xff, 0xfe, 0, 0) || beginsWith(bytes, 0, 0, 0xfe, 0xff))
    throw new SkippedFile('UTF-32: save it as UTF-8');
  if (beginsWith(bytes, 0xff, 0xfe)) return { text: decode(bytes, 'utf-16le') };
  if (beginsWith(bytes, 0xfe, 0xff)) return { text: decode(bytes, 'utf-16be') };
  const binary = binaryReason(bytes);
  if (binary !== undefined) throw new SkippedFile(`not text: ${signatureOf(bytes) ?? binary}`);
  try {
    const text = decode(bytes, 'utf-8', true);
    return (text.includes(stateful) && decodeStateful(bytes)) || { text };
  } catch {
    if (beginsWith(bytes, 0xef, 0xbb, 0xbf)) return { text: decode(bytes, 'utf-8'), warning: damaged };
    return decodeLegacy(bytes);
  }
}

const damaged = 'some of it is no UTF-8, and reads as "\ufffd"';

const guessed = (text: string, encoding: string): DecodedText => ({
  text,
  warning: `read as ${encoding}, a guess: save it as UTF-8 if it looks wrong`,
});

const beginsWith = (bytes: Uint8Array, ...start: number[]) => start.every((byte, at) => bytes[at] === byte);

function decode(bytes: Uint8Array, encoding: string, fatal = false): string {
  const decoder = new TextDecoder(encoding, { fatal, ignoreBOM: true });
  const text = decoder.decode(bytes);
  return decoder.encoding === 'windows-1252' ? text.replace(/[\x80-\x9f]/g, inWindows1252) : text;
}

/** Of the bytes from 0x80 to 0x9f: Node 20 reads Windows-1252 as Latin-1, which has controls there. */
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const inWindows1252 = (control: string) => windows1252[control.charCodeAt(0) - 0x80]!;

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

/** What begins Japanese in ISO-2022-JP, which is ASCII to the eye. */
const stateful = '\x1b$';

/** Nothing where it is no ISO-2022-JP throughout: then these are escape sequences of a terminal. */
function decodeStateful(bytes: Uint8Array): DecodedText | undefined {
  try {
    return guessed(decode(bytes, 'ISO-2022-JP', true), 'ISO-2022-JP');
  } catch {
    return undefined;
  }
}

/** UTF-8 with some damage where most of it reads as UTF-8; else what the file says it is; else a guess. */
function decodeLegacy(bytes: Uint8Array): DecodedText {
  const utf8 = decodeDamaged(bytes, 'utf-8');
  if (utf8 !== undefined) return { text: utf8, warning: damaged };
  const declared = decodeDeclared(bytes);
  return declared === undefined ? guessLegacy(bytes) : { text: declared };
}

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

/** By its letters; where they do not tell, GB18030 if high bytes come in pairs, as Chinese text has them, else Windows-1252. */
function guessLegacy(bytes: Uint8Array): DecodedText {
  const fallback = isPaired(bytes) ? 'GB18030' : 'Windows-1252';
  const guess = guessedAs(bytes, likeliestEncoding(bytes, fallback)) ?? guessedAs(bytes, fallback);
  if (guess) return guess;
  throw new SkippedFile('unknown encoding: save it as UTF-8');
}

function guessedAs(bytes: Uint8Array, encoding: string): DecodedText | undefined {
  const text = decodeDamaged(bytes, encoding);
  return text === undefined ? undefined : guessed(text, encoding);
}

function isPaired(bytes: Uint8Array): boolean {
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
  return paired >= 0.8 * high;
}
