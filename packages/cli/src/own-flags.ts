/**
 * Flags that belong to the command line itself, not to a contract: how output looks, how models are loaded, where a call
 * runs. Knows no capability by more than its schemas.
 */
import { type AnyCapability, TriviumError } from '@trivium/protocol';
import { type HostSettings, pathFields } from '@trivium/sdk';
import { z } from 'zod';

export interface OwnFlag {
  type: 'string' | 'boolean';
  help: string;
  /** What stands behind it in help texts. */
  value?: string;
  /** All that may, where they are few. */
  values?: readonly string[];
}

export type OwnFlags = Readonly<Record<string, OwnFlag>>;

const quantizations = ['q8_0', 'q6_k', 'q5_k', 'q4_k', 'q4_0'] as const;
const kvTypes = ['f32', 'f16', 'q8_0'] as const;
const activationWidths = ['8', '16'] as const;

/** How a model is loaded; as settings of the host they hold for every model of a call. */
export const loadFlags = {
  quantize: {
    type: 'string',
    value: 'TYPE',
    values: quantizations,
    help: `hold a model's plain weights in fewer bits: ${quantizations.join(', ')}; default as in the file`,
  },
  'kv-type': {
    type: 'string',
    value: 'TYPE',
    values: kvTypes,
    help: `hold keys and values so: ${kvTypes.join(', ')}; default f32 for F32 models, f16 otherwise`,
  },
  'activation-bits': {
    type: 'string',
    value: 'N',
    values: activationWidths,
    help: 'round activations to 8 or 16 bits where they meet quantized weights; default by the size of the model',
  },
  'context-tokens': { type: 'string', value: 'N', help: "tokens of context; default the model's own" },
  'kv-memory-bytes': { type: 'string', value: 'N', help: 'bytes of keys and values at most' },
} as const satisfies OwnFlags;

/** What the flags of loading are called where errors name them. */
export const loadSettingNames = Object.keys(loadFlags).map((flag) =>
  flag.replace(/-[a-z]/g, (letter) => letter.slice(1).toUpperCase()),
);

const ofEveryCommand: OwnFlags = { json: { type: 'boolean', help: 'one line of JSON on standard output' } };

const ofStreams: OwnFlags = {
  events: {
    type: 'boolean',
    help: 'one line of JSON an event on standard output, as they happen; the last one holds the output',
  },
};

const ofSearch: OwnFlags = {
  queries: {
    type: 'string',
    value: 'FILE',
    help: 'a file with one query a line ("-": standard input), instead of --query',
  },
};

const ofJobs: OwnFlags = {
  job: {
    type: 'boolean',
    help: 'start it as a job, print its id and leave it running; trivium jobs tells how it does',
  },
};

const helpFlag: OwnFlags = { help: { type: 'boolean', help: 'this text' } };

/** Whether models run for it: those that its input names. */
export const loadsModels = (capability: AnyCapability): boolean =>
  pathFields(capability).some(({ role }) => role === 'model');

const ofConversations: OwnFlags = {
  load: {
    type: 'string',
    value: 'FILE',
    help: 'go on with a conversation that was saved as JSON, its model and settings where no flag says otherwise',
  },
  save: {
    type: 'string',
    value: 'FILE',
    help: 'write the conversation to a file at its end, as /save does; the file of --load is replaced',
  },
  ...loadFlags,
  lines: {
    type: 'boolean',
    help: 'each line of standard input is a turn; without it the whole of it is one message',
  },
  json: { type: 'boolean', help: 'one JSON object a turn, on one line of standard output' },
  events: {
    type: 'boolean',
    help: 'one line of JSON an event on standard output, as they happen; the last one of a turn holds its output',
  },
  ...helpFlag,
};

/** The flags of a command that are not of its contract. */
export function ownFlagsOf(capability: AnyCapability): OwnFlags {
  if (capability.commandLine?.conversation !== undefined) return ofConversations;
  const streams = !(capability.progress instanceof z.ZodNever);
  return {
    ...(loadsModels(capability) && loadFlags),
    ...ofEveryCommand,
    ...(streams && ofStreams),
    ...(capability.plugin === 'documents' && capability.name === 'search' && ofSearch),
    ...(streams && capability.plugin !== 'jobs' && ofJobs),
    ...helpFlag,
  };
}

/** The types that parsing wants. */
export const typesOf = (flags: OwnFlags): Record<string, OwnFlag['type']> =>
  Object.fromEntries(Object.entries(flags).map(([flag, { type }]) => [flag, type]));

export type LoadSettings = Pick<
  HostSettings,
  'quantize' | 'kvType' | 'activationBits' | 'contextTokens' | 'kvMemoryBytes'
>;

/** @throws TriviumError `invalid-argument` naming the flag */
export function loadSettingsOf(given: Readonly<Record<string, unknown>>): LoadSettings {
  const quantize = oneOf('quantize', given, quantizations);
  const kvType = oneOf('kv-type', given, kvTypes);
  const activations = oneOf('activation-bits', given, activationWidths);
  const contextTokens = countOf('context-tokens', given);
  const kvMemoryBytes = countOf('kv-memory-bytes', given);
  return {
    ...(quantize && { quantize }),
    ...(kvType && { kvType }),
    ...(activations && { activationBits: activations === '8' ? 8 : 16 }),
    ...(contextTokens && { contextTokens }),
    ...(kvMemoryBytes && { kvMemoryBytes }),
  };
}

type Given = Readonly<Record<string, unknown>>;

function oneOf<Value extends string>(
  flag: string,
  given: Given,
  values: readonly Value[],
): Value | undefined {
  const text = given[flag];
  if (text === undefined) return undefined;
  return values.find((value) => value === text) ?? refuse(flag, text, values.join(', '));
}

function countOf(flag: string, given: Given): number | undefined {
  const text = given[flag];
  if (text === undefined) return undefined;
  const count = Number(text);
  return Number.isSafeInteger(count) && count > 0 ? count : refuse(flag, text, 'a whole number above 0');
}

function refuse(flag: string, found: unknown, expected: string): never {
  throw new TriviumError('invalid-argument', `--${flag} wants ${expected}, not "${String(found)}".`, {
    field: `--${flag}`,
    expected,
    found: String(found),
  });
}
