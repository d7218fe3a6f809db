/** The body of a request as JSON, never more of it than is allowed. */
import { refusal } from './refusal.js';

export type ReadBody = { value: unknown } | { refused: Response };

export async function readJsonBody(request: Request, maxBytes: number): Promise<ReadBody> {
  const mediaType = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') {
    return { refused: refusal('unsupported', 'The body is no application/json.', { status: 415 }) };
  }
  const tooLarge = () => ({
    refused: refusal('too-large', `The body has more than ${maxBytes} bytes.`, {
      remedy: 'Send less, or name a file below the root instead of its text.',
      headers: { connection: 'close' },
    }),
  });
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return tooLarge();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.body ?? []) {
      bytes += (chunk as Uint8Array).length;
      if (bytes > maxBytes) return tooLarge();
      chunks.push(chunk as Uint8Array);
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    return { value: JSON.parse(text) };
  } catch {
    return { refused: refusal('bad-format', 'The body is no JSON.') };
  }
}
