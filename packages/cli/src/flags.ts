/**
 * Flags from a contract's input schema: `maxTokens` is `--max-tokens`, arrays of numbers are comma lists, other arrays
 * repeat, objects are JSON. Knows schemas and strings, runs nothing.
 */
import { parseArgs } from 'node:util';
import { type AnyCapability, respelled, TriviumError } from '@trivium/protocol';
import { z } from 'zod';
import { nearest } from './nearest.js';
import { wordsOf } from './words.js';

interface Property {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  items?: Property;
}

export interface Flag {
  field: string;
  flag: string;
  property: Property;
  required: boolean;
}

export const kebabCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The fields of a capability's input as flags, in the order of the schema. */
export function flagsOf(capability: AnyCapability): Flag[] {
  const schema = z.toJSONSchema(capability.input, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, Property>;
    required?: string[];
  };
  // Messages are typed, not given as flags.
  const fields = Object.entries(schema.properties ?? {}).filter(
    ([field]) => field !== capability.commandLine?.conversation,
  );
  return fields.map(([field, property]) => ({
    field,
    flag: kebabCase(field),
    property,
    required: schema.required?.includes(field) ?? false,
  }));
}

function convert({ flag, property }: Flag, given: string | boolean | (string | boolean)[]): unknown {
  const number = (text: string) => {
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value)) {
      throw new TriviumError('invalid-argument', `--${flag} wants a number, not "${text}".`, {
        field: `--${flag}`,
      });
    }
    return value;
  };
  const last = Array.isArray(given) ? given.at(-1) : given;
  if (property.type === 'boolean') return last !== false;
  const text = String(last);
  if (property.type === 'number' || property.type === 'integer') return number(text);
  if (property.type === 'array') {
    const numeric = property.items?.type === 'number' || property.items?.type === 'integer';
    const all = (Array.isArray(given) ? given : [given]).map(String);
    return numeric ? all.flatMap((list) => list.split(',').map(number)) : all;
  }
  if (property.type === 'object') {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new TriviumError('invalid-argument', `--${flag} wants JSON.`, { field: `--${flag}`, cause });
    }
  }
  return text;
}

type Options = Record<string, { type: 'string' | 'boolean'; multiple?: boolean; short?: string }>;

/** `--seed -1` is a flag and its value, which `parseArgs` takes only as `--seed=-1`. */
function withNegativeNumbers(argv: readonly string[], options: Options): string[] {
  const args: string[] = [];
  for (const word of argv) {
    const flag = args.at(-1);
    const takesValue = flag?.startsWith('--') && options[flag.slice(2)]?.type === 'string';
    if (takesValue && /^-\.?\d/.test(word)) args.push(`${args.pop()}=${word}`);
    else args.push(word);
  }
  return args;
}

function unparsed(capability: AnyCapability, flags: readonly string[], cause: Error): TriviumError {
  const [said] = cause.message.split(/\.?(?:\s*\n|\. )/);
  const unknown = /^Unknown option '--([^']+)'/.exec(cause.message)?.[1];
  const meant = unknown === undefined ? undefined : nearest(unknown, flags);
  return new TriviumError('invalid-argument', `${said!.replace(/\.$/, '')}.`, {
    remedy: `${meant ? `Is --${meant} meant? ` : ''}trivium ${wordsOf(capability)} --help lists the flags.`,
    cause,
  });
}

/** @throws TriviumError `invalid-argument` naming the first flag that the contract wants and the call has not */
export function requireFlags(capability: AnyCapability, input: Readonly<Record<string, unknown>>): void {
  const missing = flagsOf(capability).find(({ field, required }) => required && input[field] === undefined);
  if (!missing) return;
  const { field, flag, property } = missing;
  const isPositional = field === capability.commandLine?.positional;
  const wanted = isPositional
    ? `${flag.toUpperCase()}${property.type === 'array' ? '…' : ''}`
    : `--${flag} ${(property.type ?? 'value').toUpperCase()}`;
  const [example] = capability.commandLine?.examples ?? [];
  throw new TriviumError('invalid-argument', `trivium ${wordsOf(capability)} wants ${wanted}.`, {
    field: isPositional ? flag : `--${flag}`,
    expected: property.description?.replace(/\.$/, ''),
    remedy: example ? `As in: trivium ${example}` : `trivium ${wordsOf(capability)} --help lists the flags.`,
  });
}

/**
 * An error that names flags as they are typed: `maxTokens`, a field of the input or a setting, is `--max-tokens`.
 * @param settings names that flags outside the contract have in errors
 */
export function inFlags(error: unknown, capability: AnyCapability, settings: readonly string[]): unknown {
  if (!TriviumError.isInstance(error)) return error;
  const known = new Set([...flagsOf(capability).map(({ field }) => field), ...settings]);
  const spelled = respelled(error, (name) => {
    const [field = '', ...inside] = name.split('.');
    return known.has(field) ? [`--${kebabCase(field)}`, ...inside].join('.') : undefined;
  });
  if (!(error.cause instanceof z.ZodError)) return spelled;
  // What does not fit the contract is described where the flags are.
  const { code, message, ...details } = spelled.toJSON();
  const remedy = `trivium ${wordsOf(capability)} --help lists the flags.`;
  return new TriviumError(code, message, { ...details, remedy, cause: error.cause });
}

export interface ParsedCommand {
  input: Record<string, unknown>;
  /** Flags that belong to the command line itself: `--json`, `--help`, `--queries`. */
  own: Record<string, string | boolean | undefined>;
}

/** @throws TriviumError `invalid-argument` naming the flag */
export function parseCommand(
  capability: AnyCapability,
  argv: readonly string[],
  ownFlags: Record<string, 'string' | 'boolean'>,
): ParsedCommand {
  const flags = flagsOf(capability);
  const options = Object.fromEntries([
    ...flags.map(({ flag, property }) => [
      flag,
      { type: property.type === 'boolean' ? 'boolean' : 'string', multiple: true },
    ]),
    ...Object.entries(ownFlags).map(([flag, type]) => [
      flag,
      { type, ...(flag === 'help' && { short: 'h' }) },
    ]),
  ]) as Options;
  let parsed: ReturnType<typeof parseArgs>;
  try {
    const args = withNegativeNumbers(argv, options);
    parsed = parseArgs({ args, options, allowPositionals: true, allowNegative: true });
  } catch (cause) {
    throw unparsed(capability, Object.keys(options), cause as Error);
  }
  const input: Record<string, unknown> = {};
  for (const flag of flags) {
    const given = parsed.values[flag.flag] as (string | boolean)[] | undefined;
    if (given !== undefined) input[flag.field] = convert(flag, given);
  }
  placePositionals(capability, flags, parsed.positionals, input);
  const own = Object.fromEntries(
    Object.keys(ownFlags).map((flag) => [flag, parsed.values[flag] as string | boolean | undefined]),
  );
  return { input, own };
}

function placePositionals(
  capability: AnyCapability,
  flags: Flag[],
  positionals: string[],
  input: Record<string, unknown>,
): void {
  if (positionals.length === 0) return;
  const flag = flags.find(({ field }) => field === capability.commandLine?.positional);
  const remedy = `trivium ${wordsOf(capability)} --help lists the flags.`;
  const isList = flag?.property.type === 'array';
  if (!flag || (!isList && positionals.length > 1)) {
    throw new TriviumError(
      'invalid-argument',
      `trivium ${wordsOf(capability)} does not take "${positionals.at(-1)}".`,
      { remedy: flag ? `Several words are one ${flag.flag.toUpperCase()} in quotes. ${remedy}` : remedy },
    );
  }
  if (input[flag.field] !== undefined) {
    throw new TriviumError(
      'invalid-argument',
      `"${positionals[0]}" and --${flag.flag} say the same twice: give one of them.`,
      { field: `--${flag.flag}`, remedy },
    );
  }
  input[flag.field] = isList ? positionals : positionals[0];
}
