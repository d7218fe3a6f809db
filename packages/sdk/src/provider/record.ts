/**
 * A language model whose calls are written to a file as they happen, one JSON object a line. The calls themselves pass
 * unchanged. Headers are not written: they hold keys.
 */
import { appendFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import { type AnyLanguageModel, assertLanguageModel } from '../base/ai-sdk.js';
import { makeFolder } from '../base/make-folder.js';
import type {
  AnyCallOptions,
  AnyGenerateResult,
  AnyGivenOptions,
  AnyPart,
  AnyStreamResult,
} from './any-language-model.js';
import { hashCall, plainOptions, type RecordingLine, toPlain } from './recording-format.js';

/** Appends lines in the order in which they were said, whoever waits for them. */
class Recorder {
  readonly #file: string;
  #written: Promise<void> | undefined;
  #calls = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Begins a call; the file is made new with the first one. */
  begin(model: AnyLanguageModel, method: 'generate' | 'stream', options: AnyCallOptions): number {
    const { provider, modelId } = model;
    const specificationVersion = model.specificationVersion as 'v2' | 'v3' | 'v4';
    this.#written ??= makeFolder(dirname(this.#file))
      .then(() => writeFile(this.#file, ''))
      .then(async () => {
        const supportedUrls = toPlain((await model.supportedUrls) ?? {}) as Record<string, unknown>;
        const head = { specificationVersion, provider, modelId, supportedUrls };
        await this.#append({ type: 'recording', version: 1, ...head });
      });
    const call = this.#calls++;
    const plain = plainOptions(options);
    this.say({ type: 'call', call, method, hash: hashCall(method, plain), options: plain });
    return call;
  }

  say(line: RecordingLine): void {
    this.#written = this.#written?.then(() => this.#append(line));
    // Told by `flush`; until then it must not count as unhandled.
    this.#written?.catch(() => {});
  }

  /** Waits until all is written. @throws TriviumError `io` */
  async flush(): Promise<void> {
    await this.#written?.catch((error: unknown) => {
      throw TriviumError.from(error);
    });
  }

  #append(line: RecordingLine): Promise<void> {
    return appendFile(this.#file, `${JSON.stringify(line)}\n`);
  }
}

export class RecordingModel<Model extends AnyLanguageModel = AnyLanguageModel> {
  readonly specificationVersion: Model['specificationVersion'];
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: Model['supportedUrls'];
  readonly wrapped: Model;
  readonly #recorder: Recorder;

  constructor(model: Model, file: string) {
    assertLanguageModel(model, 'model');
    this.specificationVersion = model.specificationVersion;
    this.provider = model.provider;
    this.modelId = model.modelId;
    this.supportedUrls = model.supportedUrls ?? {};
    this.wrapped = model;
    this.#recorder = new Recorder(file);
  }

  async doGenerate(options: AnyGivenOptions): Promise<AnyGenerateResult> {
    const call = this.#recorder.begin(this.wrapped, 'generate', options);
    const result = await this.#watched(call, options, () => this.wrapped.doGenerate(options));
    // What went over the wire is the provider's own matter, and may hold keys.
    const { request: _, response, ...told } = result as AnyGenerateResult;
    const { headers: __, body: ___, ...known } = (response ?? {}) as Record<string, unknown>;
    this.#recorder.say({ type: 'result', call, result: toPlain({ ...told, response: known }) });
    await this.#recorder.flush();
    return result as AnyGenerateResult;
  }

  async doStream(options: AnyGivenOptions): Promise<AnyStreamResult> {
    const call = this.#recorder.begin(this.wrapped, 'stream', options);
    const result = await this.#watched(call, options, () => this.wrapped.doStream(options));
    const reader = (result.stream as ReadableStream<AnyPart>).getReader();
    const recorder = this.#recorder;
    let hasFinish = false;
    let isOver = false;
    const end = (type: 'end' | 'stopped') => {
      if (!isOver) recorder.say({ type, call });
      isOver = true;
    };
    const stream = new ReadableStream<AnyPart>({
      pull: async (controller) => {
        const { done, value } = await this.#watched(call, options, () => reader.read());
        // However a model ends its stream on an abort, with an error as a part or with none, that is no answer.
        if (options.abortSignal?.aborted && !hasFinish) end('stopped');
        if (done) {
          end('end');
          await recorder.flush();
          controller.close();
          return;
        }
        if (!isOver) recorder.say({ type: 'part', call, part: toPlain(value) });
        hasFinish ||= value.type === 'finish';
        controller.enqueue(value);
      },
      cancel: async (reason) => {
        end('stopped');
        await reader.cancel(reason);
        await recorder.flush();
      },
    });
    return { ...result, stream };
  }

  /** What fails is written down before it is thrown; an abort is the caller's doing and no answer. */
  async #watched<T>(call: number, { abortSignal }: AnyCallOptions, run: () => PromiseLike<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (abortSignal?.aborted) this.#recorder.say({ type: 'stopped', call });
      else this.#recorder.say({ type: 'failed', call, error: toPlain(error) });
      await this.#recorder.flush();
      throw error;
    }
  }
}

/**
 * Writes every call of a model, with what it streamed, to a new JSONL file.
 * @example const model = record(openai('gpt-5'), './calls.jsonl');
 * @throws TriviumError `invalid-argument` for what is no model; in calls: what the model throws, and TriviumError `io` when
 * the file cannot be written
 */
export function record<Model extends AnyLanguageModel>(model: Model, file: string): RecordingModel<Model> {
  return new RecordingModel(model, file);
}
