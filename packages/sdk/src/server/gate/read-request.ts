/** The parts of a request, bounded and checked against the schemas of its route. */
import { TriviumError } from '@trivium/protocol';
import type { z } from 'zod';

/** Objects and lists within each other; what schemas and templates are made of needs far fewer. */
const maxDepth = 200;

/** Values in a body: the schemas tell each that is wrong, at some 15 microseconds and a kilobyte. */
const maxValues = 100_000;

/**
 * The body as JSON; an absent one is an empty object.
 * @throws TriviumError `too-large`, `invalid-argument` for what is no JSON, too deep or of too many values
 */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const bytes = await readBytes(request, maxBytes);
  if (bytes.length === 0) return {};
  const type = request.headers.get('content-type') ?? '';
  // What a page may send without asking first (text, forms) is not taken for JSON.
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
    throw new TriviumError('invalid-argument', 'The body is not declared as JSON.', {
      field: 'content-type',
      expected: 'application/json',
      found: type || 'none',
      remedy: 'Send it with content-type: application/json.',
    });
  }
  const { depth, values } = extentOf(bytes);
  // Whatever walks a value that is deep enough runs out of stack.
  if (depth > maxDepth) {
    throw new TriviumError('invalid-argument', `The body is nested more than ${maxDepth} deep.`, {
      field: 'body',
      expected: `at most ${maxDepth} objects and lists within each other`,
      remedy: 'Send it flatter.',
    });
  }
  if (values > maxValues) {
    throw new TriviumError('invalid-argument', `The body holds more than ${maxValues} values.`, {
      field: 'body',
      expected: `at most ${maxValues} texts, numbers, objects and lists`,
      remedy: 'Send it in several calls.',
    });
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new TriviumError('invalid-argument', 'The body is not JSON.', {
      field: 'body',
      remedy: 'Send one JSON object, encoded in UTF-8.',
    });
  }
}

/** How deep brackets stand in brackets, and how many values there are at most; what is in strings is left out. */
function extentOf(json: Uint8Array): { depth: number; values: number } {
  let [depth, deepest, values, inString] = [0, 0, 1, false];
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (inString) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === comma) values += 1;
    else if (byte === openList || byte === openObject) {
      values += 1;
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === closeList || byte === closeObject) depth -= 1;
  }
  return { depth: deepest, values };
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * The body as it is. A page must ask before it may send this type, as with JSON.
 * @throws TriviumError `too-large`, `invalid-argument` where it is declared as something else
 */
export async function readOctets(request: Request, maxBytes: number): Promise<Uint8Array> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/octet-stream\b/i.test(type)) {
    throw new TriviumError('invalid-argument', 'The body is not declared as bytes.', {
      field: 'content-type',
      expected: 'application/octet-stream',
      found: type || 'none',
      remedy: 'Send it with content-type: application/octet-stream.',
    });
  }
  return readBytes(request, maxBytes);
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes, declared);
  if (request.headers.has('content-length')) {
    // Servers hold a body to its declared length, and read it whole at a fraction of a stream's cost.
    const body = new Uint8Array(await request.arrayBuffer());
    if (body.length > maxBytes) throw tooLarge(maxBytes, body.length);
    return body;
  }
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks, bytes);
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel().catch(() => {});
      throw tooLarge(maxBytes, bytes);
    }
    chunks.push(value);
  }
}

const tooLarge = (maxBytes: number, found: number) =>
  new TriviumError('too-large', `The body is larger than ${maxBytes} bytes.`, {
    field: 'body',
    expected: `at most ${maxBytes} bytes`,
    found: `${found} bytes or more`,
    remedy: 'Send less at once, or start the server with a larger maxBodyBytes.',
  });

/** @throws TriviumError `invalid-argument` naming the field */
export function parsePart(
  schema: z.ZodType | undefined,
  value: unknown,
  part: 'body' | 'query' | 'path',
): unknown {
  if (!schema) return value;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues[0]);
  const field = issue?.path.map(String).join('.') || part;
  throw new TriviumError('invalid-argument', `${field}: ${issue?.message}`, {
    field,
    remedy: '/openapi.json tells what is taken.',
  });
}

interface Issue {
  path: PropertyKey[];
  message: string;
  errors?: Issue[][];
}

/** Of a union that fits nowhere, the fault of the member that came furthest. */
function deepest(issue: unknown): Issue | undefined {
  const found = issue as Issue | undefined;
  const inside = (found?.errors ?? []).map(([first]) => deepest(first)).filter((one) => one !== undefined);
  const best = inside.sort((a, b) => b.path.length - a.path.length)[0];
  if (!found || !best || best.path.length === 0) return found;
  return { ...best, path: [...found.path, ...best.path] };
}
