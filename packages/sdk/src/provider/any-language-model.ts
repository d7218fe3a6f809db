/**
 * Language models of every specification version behind one face. A model of an older version is seen through the shapes
 * of a newer one: that direction loses nothing, so a group of models speaks the newest version among them.
 * Source: the declarations of @ai-sdk/provider 2, 3 and 4.
 */
import { TriviumError } from '@trivium/protocol';
import type { AnyLanguageModel } from '../base/ai-sdk.js';

type Version = 'v2' | 'v3' | 'v4';
const versions: readonly Version[] = ['v2', 'v3', 'v4'];

/** A part of a stream or of a content, of any version. */
export interface AnyPart {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: parts of several specification versions
  [key: string]: any;
}

export interface AnyCallOptions {
  prompt: readonly { role: string; content: unknown }[];
  abortSignal?: AbortSignal | undefined;
  [key: string]: unknown;
}

/** Assignable to the result of any version. */
export interface AnyGenerateResult {
  // biome-ignore lint/suspicious/noExplicitAny: results of several specification versions
  content: any[];
  // biome-ignore lint/suspicious/noExplicitAny: results of several specification versions
  finishReason: any;
  // biome-ignore lint/suspicious/noExplicitAny: results of several specification versions
  usage: any;
  // biome-ignore lint/suspicious/noExplicitAny: results of several specification versions
  warnings: any;
  // biome-ignore lint/suspicious/noExplicitAny: results of several specification versions
  [key: string]: any;
}

/** Assignable to the stream of any version. */
export interface AnyStreamResult {
  // biome-ignore lint/suspicious/noExplicitAny: parts of several specification versions
  stream: ReadableStream<any>;
}

/** A call as the AI SDK of any version makes it. */
// biome-ignore lint/suspicious/noExplicitAny: options of several specification versions
export type AnyGivenOptions = any;

/** One model seen through a newer version's shapes. */
export interface ModelView {
  readonly model: AnyLanguageModel;
  generate(options: AnyCallOptions): Promise<AnyGenerateResult>;
  stream(options: AnyCallOptions): Promise<{ stream: ReadableStream<AnyPart>; [key: string]: unknown }>;
}

const rank = ({ specificationVersion, modelId }: AnyLanguageModel): number => {
  const found = versions.indexOf(specificationVersion as Version);
  if (found >= 0) return found;
  throw new TriviumError('unsupported', `${modelId} speaks a specification that is not known here.`, {
    field: 'specificationVersion',
    expected: versions.join(', '),
    found: String(specificationVersion),
    remedy: 'Use a version of its provider that fits ai 5, 6 or 7.',
  });
};

/** The newest version among the models, at least V3: what `ai` 6 and 7 take. */
export function commonVersion(models: readonly AnyLanguageModel[]): 'v3' | 'v4' {
  return Math.max(...models.map(rank)) === 2 ? 'v4' : 'v3';
}

/** @throws TriviumError `unsupported` for a model that is newer than `version` or of none we know */
export function viewAs(model: AnyLanguageModel, version: 'v3' | 'v4'): ModelView {
  const from = rank(model);
  if (from > versions.indexOf(version)) {
    throw new TriviumError('unsupported', `${model.modelId} is of a newer specification than ${version}.`, {
      field: 'specification',
      expected: version,
      found: model.specificationVersion,
      remedy: `Leave the specification out, or use ai 7.`,
    });
  }
  const down = (options: AnyCallOptions): AnyCallOptions => {
    const third = version === 'v4' && from < 2 ? { ...options, prompt: promptToV3(options.prompt) } : options;
    return from === 0 ? optionsToV2(third) : third;
  };
  const up = (part: AnyPart): AnyPart => {
    const third = from === 0 ? partToV3(part) : part;
    return version === 'v4' && from < 2 && third.type === 'file'
      ? { ...third, data: { type: 'data', data: third.data } }
      : third;
  };
  return {
    model,
    async generate(options) {
      const result = (await model.doGenerate(down(options))) as AnyGenerateResult;
      const { type: _, ...whole } =
        from === 0 ? partToV3({ ...result, type: 'finish' }) : { ...result, type: '' };
      return { ...(whole as AnyGenerateResult), content: result.content.map(up) };
    },
    async stream(options) {
      const result = await model.doStream(down(options));
      const same = from === versions.indexOf(version);
      return { ...result, stream: same ? result.stream : result.stream.pipeThrough(mapping(up)) };
    },
  };
}

function mapping(change: (part: AnyPart) => AnyPart): TransformStream<AnyPart, AnyPart> {
  return new TransformStream({ transform: (part, controller) => controller.enqueue(change(part)) });
}

/** V2 counts flat and says why it stopped in one word. */
function partToV3(part: AnyPart): AnyPart {
  const { warnings, finishReason, usage } = part;
  return {
    ...part,
    ...(Array.isArray(warnings) && { warnings: warnings.map(warningToV3) }),
    ...(typeof finishReason === 'string' && {
      finishReason: { unified: finishReason === 'unknown' ? 'other' : finishReason, raw: undefined },
    }),
    ...(part.type === 'finish' && usage && { usage: usageToV3(usage) }),
  };
}

function usageToV3(usage: Record<string, number | undefined>) {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = usage;
  const less = (whole?: number, part?: number) =>
    whole === undefined || part === undefined ? undefined : whole - part;
  return {
    inputTokens: {
      total: inputTokens,
      noCache: less(inputTokens, cachedInputTokens),
      cacheRead: cachedInputTokens,
      cacheWrite: undefined,
    },
    outputTokens: {
      total: outputTokens,
      text: less(outputTokens, reasoningTokens),
      reasoning: reasoningTokens,
    },
    raw: usage,
  };
}

function warningToV3(warning: AnyPart): AnyPart {
  const details = warning.details === undefined ? {} : { details: warning.details as string };
  if (warning.type === 'unsupported-setting')
    return { type: 'unsupported', feature: String(warning.setting), ...details };
  if (warning.type === 'unsupported-tool')
    return { type: 'unsupported', feature: `tool ${warning.tool?.name ?? ''}`.trim(), ...details };
  return warning;
}

/** V2 has other words for tools of the provider and for files that a tool gave. */
function optionsToV2(options: AnyCallOptions): AnyCallOptions {
  const tools = options.tools as AnyPart[] | undefined;
  const prompt = mapResults(options.prompt, (part) =>
    part.type === 'file-data' || part.type === 'image-data'
      ? { type: 'media', data: part.data, mediaType: part.mediaType }
      : part,
  );
  return {
    ...options,
    prompt,
    ...(tools && {
      tools: tools.map((tool) => (tool.type === 'provider' ? { ...tool, type: 'provider-defined' } : tool)),
    }),
  };
}

/** The prompt with the parts of what tools gave changed. */
function mapResults(
  prompt: AnyCallOptions['prompt'],
  change: (part: AnyPart) => AnyPart,
): AnyCallOptions['prompt'] {
  return mapParts(prompt, (part) =>
    part.type === 'tool-result' && part.output?.type === 'content'
      ? { ...part, output: { ...part.output, value: (part.output.value as AnyPart[]).map(change) } }
      : part,
  );
}

function mapParts(
  prompt: AnyCallOptions['prompt'],
  change: (part: AnyPart) => AnyPart,
): AnyCallOptions['prompt'] {
  return prompt.map((message) =>
    Array.isArray(message.content)
      ? { ...message, content: (message.content as AnyPart[]).map(change) }
      : message,
  );
}

/** V4 wraps the data of files; V3 and V2 take bytes, base64 or an address as they are. */
function promptToV3(prompt: AnyCallOptions['prompt']): AnyCallOptions['prompt'] {
  const files = mapParts(prompt, (part) =>
    part.type === 'file' ? { ...part, data: fileDataToV3(part.data) } : part,
  );
  return mapResults(files, resultPartToV3);
}

function fileDataToV3(data: AnyPart): unknown {
  if (data?.type === 'data') return data.data;
  if (data?.type === 'url') return data.url;
  throw new TriviumError('unsupported', 'This model takes files as bytes or addresses.', {
    field: 'prompt',
    found: `a file given as ${String(data?.type)}`,
    expected: 'data or url',
    remedy: 'Give the bytes of the file.',
  });
}

function resultPartToV3(part: AnyPart): AnyPart {
  if (part.type !== 'file') return part;
  const { data, type: _, ...rest } = part;
  if (data?.type === 'url') return { ...rest, type: 'file-url', url: String(data.url) };
  const bytes = fileDataToV3(data as AnyPart);
  return {
    ...rest,
    type: 'file-data',
    data: bytes instanceof Uint8Array ? Buffer.from(bytes).toString('base64') : bytes,
  };
}
