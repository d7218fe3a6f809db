/**
 * A language model that answers from a recording. A call is matched by its options alone; the same call made again gets
 * the next answer that was recorded for it, and the last one from then on. No network, no model.
 */
import { readFileSync } from 'node:fs';
import { TriviumError } from '@trivium/protocol';
import type {
  AnyCallOptions,
  AnyGenerateResult,
  AnyGivenOptions,
  AnyPart,
  AnyStreamResult,
} from './any-language-model.js';
import { fromPlain, hashCall, plainOptions, type RecordingLine, recordingLine } from './recording-format.js';

type Method = 'generate' | 'stream';

interface RecordedCall {
  method: Method;
  hash: string;
  options: unknown;
  parts: unknown[];
  result?: unknown;
  error?: { plain: unknown };
  /** `open`: the recording breaks off, for the caller had heard enough or the recorder was killed. */
  ending: 'end' | 'failed' | 'open';
}

type Header = Extract<RecordingLine, { type: 'recording' }>;

/** `Version` is for types alone: the recording says which one it is. */
export class ReplayModel<Version extends 'v2' | 'v3' | 'v4' = 'v3'> {
  readonly specificationVersion: Version;
  readonly provider: string;
  readonly modelId: string;
  /** Those of the recorded model: what it was given as an address is asked for as one. */
  readonly supportedUrls: Record<string, RegExp[]>;
  readonly #file: string;
  readonly #calls: Map<string, RecordedCall[]>;
  readonly #next = new Map<string, number>();

  constructor(file: string) {
    const { header, calls } = readRecording(file);
    this.specificationVersion = header.specificationVersion as Version;
    this.provider = header.provider;
    this.modelId = header.modelId;
    this.supportedUrls = fromPlain(header.supportedUrls ?? {}) as Record<string, RegExp[]>;
    this.#file = file;
    this.#calls = calls;
  }

  async doGenerate(options: AnyGivenOptions): Promise<AnyGenerateResult> {
    options.abortSignal?.throwIfAborted();
    const { result, error, ending } = this.#find('generate', options);
    if (error) throw fromPlain(error.plain);
    if (ending === 'open') throw this.#brokenOff();
    return fromPlain(result) as AnyGenerateResult;
  }

  async doStream(options: AnyGivenOptions): Promise<AnyStreamResult> {
    const { abortSignal } = options;
    abortSignal?.throwIfAborted();
    const { parts, error, ending } = this.#find('stream', options);
    if (error && parts.length === 0) throw fromPlain(error.plain);
    let next = 0;
    const stream = new ReadableStream<AnyPart>({
      pull: async (controller) => {
        // One turn of the event loop a part, so that a signal has its say as it has with a model.
        await new Promise((resolve) => setImmediate(resolve));
        if (abortSignal?.aborted) controller.error(abortSignal.reason);
        else if (next < parts.length) controller.enqueue(fromPlain(parts[next++]) as AnyPart);
        else if (error) controller.error(fromPlain(error.plain));
        else if (ending === 'open') controller.error(this.#brokenOff());
        else controller.close();
      },
    });
    return { stream };
  }

  #find(method: Method, options: AnyCallOptions): RecordedCall {
    const plain = plainOptions(options);
    const hash = hashCall(method, plain);
    const recorded = this.#calls.get(hash);
    if (!recorded) throw this.#mismatch(method, hash, plain);
    const at = this.#next.get(hash) ?? 0;
    this.#next.set(hash, Math.min(at + 1, recorded.length - 1));
    return recorded[at]!;
  }

  #mismatch(method: Method, hash: string, options: unknown): TriviumError {
    const known = [...this.#calls.values()].flat();
    const nearest = known.find((call) => call.method === method)?.options as
      | Record<string, unknown>
      | undefined;
    const asked = options as Record<string, unknown>;
    const different = Object.keys({ ...nearest, ...asked }).filter(
      (key) => JSON.stringify(nearest?.[key]) !== JSON.stringify(asked[key]),
    );
    return new TriviumError('replay-mismatch', `The recording holds no ${method} call like this one.`, {
      file: this.#file,
      field: different.join(', ') || 'method',
      expected: `one of ${known.length} recorded calls: ${known.map((call) => `${call.method} ${call.hash.slice(0, 8)}`).join(', ')}`,
      found: `${method} ${hash.slice(0, 8)}`,
      remedy:
        'Record again, or make the call as it was recorded; the field names what differs from the first one.',
    });
  }

  #brokenOff(): TriviumError {
    return new TriviumError('replay-mismatch', 'The recording of this call breaks off before its end.', {
      file: this.#file,
      remedy: 'Record the call again and let it finish.',
    });
  }
}

function readRecording(file: string): { header: Header; calls: Map<string, RecordedCall[]> } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw TriviumError.from(error);
  }
  let header: Header | undefined;
  const byNumber = new Map<number, RecordedCall>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const parsed = parseLine(line);
    if (!parsed || (parsed.type === 'recording') !== (index === 0)) throw badLine(file, index + 1, line);
    if (parsed.type === 'recording') header = parsed;
    else if (!take(parsed, byNumber)) throw badLine(file, index + 1, line);
  }
  if (!header) throw badLine(file, 1, '');
  const calls = new Map<string, RecordedCall[]>();
  for (const call of byNumber.values()) calls.set(call.hash, [...(calls.get(call.hash) ?? []), call]);
  // A call that was stopped is an answer only where there is no whole one.
  for (const [hash, recorded] of calls) {
    const whole = recorded.filter(({ ending }) => ending !== 'open');
    if (whole.length > 0) calls.set(hash, whole);
  }
  return { header, calls };
}

function parseLine(line: string): RecordingLine | undefined {
  try {
    return recordingLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** @returns false for a line about a call that never began */
function take(line: Exclude<RecordingLine, Header>, calls: Map<number, RecordedCall>): boolean {
  if (line.type === 'call') {
    const { method, hash, options } = line;
    calls.set(line.call, { method, hash, options, parts: [], ending: 'open' });
    return true;
  }
  const call = calls.get(line.call);
  if (!call) return false;
  if (line.type === 'part') call.parts.push(line.part);
  if (line.type === 'result') call.result = line.result;
  if (line.type === 'failed') call.error = { plain: line.error };
  if (line.type === 'result' || line.type === 'end') call.ending = 'end';
  if (line.type === 'failed') call.ending = 'failed';
  return true;
}

function badLine(file: string, line: number, found: string): TriviumError {
  return new TriviumError('bad-format', `Line ${line} is no line of a recording.`, {
    file,
    field: `line ${line}`,
    expected: line === 1 ? 'the head of a recording, version 1' : 'a call, part, result or end',
    found: found.slice(0, 80) || 'nothing',
    remedy: 'Give a file that record() has written, or record again.',
  });
}

/**
 * @example const model = replay('./calls.jsonl'); // answers what record() has written, and nothing else
 * @throws TriviumError `not-found` and `bad-format` for the file; calls throw `replay-mismatch` where nothing fits
 */
export function replay<Version extends 'v2' | 'v3' | 'v4' = 'v3'>(file: string): ReplayModel<Version> {
  return new ReplayModel<Version>(file);
}
