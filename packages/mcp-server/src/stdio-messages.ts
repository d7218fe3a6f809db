/**
 * Standard input, a line for each message that the SDK's transport is to see. That transport drops every line that is no message,
 * arrays of messages among them, which the revision of 2025-03-26 says a server must receive.
 */
import { Transform, type TransformCallback } from 'node:stream';
import { parseJSONRPCMessage } from '@modelcontextprotocol/server';
import { TriviumError } from '@trivium/protocol';

const newline = 0x0a;

/** What is answered to JSON that is no message. */
export interface Refusal {
  jsonrpc: '2.0';
  id: string | number | null;
  error: { code: -32600; message: string };
}

/** Fails with a TriviumError `too-large` for a line over `maxBytes`: what follows cannot be told apart any more. */
export class StdioMessages extends Transform {
  readonly #refuse: (refusal: Refusal) => void;
  readonly #maxBytes: number;
  /** The line that has begun. */
  #begun: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number, refuse: (refusal: Refusal) => void) {
    super();
    this.#maxBytes = maxBytes;
    this.#refuse = refuse;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      let from = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
        this.#take(chunk.subarray(from, end));
        this.#pass(Buffer.concat(this.#begun).toString('utf8'));
        this.#begun = [];
        this.#bytes = 0;
        from = end + 1;
      }
      this.#take(chunk.subarray(from));
      done();
    } catch (error) {
      done(TriviumError.from(error));
    }
  }

  #take(part: Buffer): void {
    this.#begun.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= this.#maxBytes) return;
    throw new TriviumError('too-large', 'The client sent a message that is too large, and was left.', {
      expected: `at most ${this.#maxBytes} bytes`,
      remedy: 'Send less, or name a file below the root instead of its text.',
    });
  }

  #pass(line: string): void {
    let said: unknown;
    try {
      said = JSON.parse(line);
    } catch {
      return; // passed over, as the SDK does
    }
    // An empty array is no message either.
    const messages = Array.isArray(said) && said.length > 0 ? said : [said];
    for (const message of messages) {
      if (isMessage(message)) this.push(`${JSON.stringify(message)}\n`);
      else this.#refuse(refusalOf(message));
    }
  }
}

function isMessage(said: unknown): boolean {
  try {
    parseJSONRPCMessage(said);
    return true;
  } catch {
    return false;
  }
}

/** With the number of a request; that of anything else is not the client's to be answered. */
function refusalOf(said: unknown): Refusal {
  const { id, method } = Object(said) as { id?: unknown; method?: unknown };
  const isNamed = typeof method === 'string' && (typeof id === 'string' || typeof id === 'number');
  return {
    jsonrpc: '2.0',
    id: isNamed ? id : null,
    error: { code: -32600, message: 'Invalid Request: this is no message of JSON-RPC 2.0 as MCP has it.' },
  };
}
