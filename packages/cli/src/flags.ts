/**
 * Flags from a contract's input schema: `maxTokens` is `--max-tokens`, arrays of numbers are comma lists, other arrays
 * repeat, what is neither text nor a number is JSON. Knows schemas and strings, runs nothing.
 */
import { parseArgs } from 'node:util';
import { type AnyCapability, respelled, TriviumError } from '@trivium/protocol';
import { z } from 'zod';
import { type FieldSchema, fieldsOf, hasPlace, type JsonSchema, jsonTypeOf } from './field-schemas.js';
import { valueBehind } from './flag-values.js';
import { nearest } from './nearest.js';
import { ownFlagsOf } from './own-flags.js';
import { wordsOf } from './words.js';

export interface Flag {
  field: string;
  flag: string;
  schema: FieldSchema;
  required: boolean;
  /** It is there or not: a flag without a value. */
  isSwitch: boolean;
  /** It may be given many times, or as many words. */
  isList: boolean;
}

export const kebabCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const schemaOf = ({ input }: AnyCapability) =>
  z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

/** The fields of a capability's input as flags, in the order of the schema. */
export function flagsOf(capability: AnyCapability): Flag[] {
  const own = ownFlagsOf(capability);
  return (
    fieldsOf(schemaOf(capability))
      // Messages are typed, not given as flags.
      .filter(({ name }) => name !== capability.commandLine?.conversation)
      .map((field) => {
        const flag = kebabCase(field.name);
        return {
          field: field.name,
          // What the command line itself calls so is said without a prefix.
          flag: flag in own ? `input-${flag}` : flag,
          schema: field,
          required: field.required,
          isSwitch: field.types.join() === 'boolean',
          isList: field.items !== undefined,
        };
      })
  );
}

/** What stands behind a flag in help texts: `NUMBER`, `INTEGER|auto`. */
export function placeholderOf({ schema: { types, choices, isClosed } }: Flag): string {
  const hasName = (type: string) => !isClosed && choices.some((choice) => jsonTypeOf(choice) === type);
  const names = types.filter((type) => !hasName(type)).map((type) => type.toUpperCase());
  return [...names, ...(isClosed ? [] : choices)].map(String).join('|') || 'VALUE';
}

type Options = Record<string, { type: 'string' | 'boolean'; short?: string }>;

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

interface ParsedArgs {
  /** By flag, in the order in which they were given. */
  values: ReadonlyMap<string, (string | boolean)[]>;
  positionals: string[];
}

/** Each switch also has a name that turns it off, `--no-special`, where no other flag goes by that. */
function parse(argv: readonly string[], options: Options): ParsedArgs {
  const switchedOff = new Map(
    Object.entries(options)
      .filter(([flag, { type }]) => type === 'boolean' && !(`no-${flag}` in options))
      .map(([flag]) => [`no-${flag}`, flag]),
  );
  const negations = Object.fromEntries([...switchedOff.keys()].map((flag) => [flag, { type: 'boolean' }]));
  const { tokens, positionals } = parseArgs({
    args: withNegativeNumbers(argv, options),
    options: { ...options, ...(negations as Options) },
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, (string | boolean)[]>();
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'option') continue;
    const next = tokens[index + 1];
    const flag = switchedOff.get(token.name) ?? token.name;
    if (token.value === undefined && next?.kind === 'positional')
      refuseSwitchValue(token.name, next.value, flag === token.name ? `no-${flag}` : flag);
    const value = token.value ?? flag === token.name;
    values.set(flag, [...(values.get(flag) ?? []), value]);
  }
  return { values, positionals };
}

/**
 * `--special false` would be a switch that is on, and a text.
 * @param opposite the flag that says no to it
 * @throws TriviumError `invalid-argument`
 */
function refuseSwitchValue(flag: string, word: string, opposite: string): void {
  if (word !== 'true' && word !== 'false') return;
  throw new TriviumError('invalid-argument', `--${flag} takes no value: it is there or not.`, {
    field: `--${flag}`,
    found: word,
    remedy: `${word === 'true' ? `Leave out "${word}"` : `Say --${opposite}`}; a text "${word}" goes before the flags.`,
  });
}

/**
 * What `parseArgs` refuses, in one sentence.
 * @param words the command, as it is typed
 */
export function unparsed(words: string, flags: readonly string[], { message }: Error): TriviumError {
  const [said] = message.split(/\.?(?:\s*\n|\. )/);
  const unknown = /^Unknown option '--([^']+)'/.exec(message)?.[1];
  const meant = unknown === undefined ? undefined : nearest(unknown, flags);
  return new TriviumError('invalid-argument', `${said!.replace(/\.$/, '')}.`, {
    remedy: `${meant ? `Is --${meant} meant? ` : ''}trivium ${words} --help lists the flags.`,
  });
}

/** @throws TriviumError `invalid-argument` naming the first flag that the contract wants and the call has not */
export function requireFlags(capability: AnyCapability, input: Readonly<Record<string, unknown>>): void {
  const missing = flagsOf(capability).find(({ field, required }) => required && input[field] === undefined);
  if (!missing) return;
  const { field, flag, schema, isList } = missing;
  const isPositional = field === capability.commandLine?.positional;
  const wanted = isPositional
    ? `${flag.toUpperCase()}${isList ? '…' : ''}`
    : `--${flag} ${placeholderOf(missing)}`;
  const [example] = capability.commandLine?.examples ?? [];
  throw new TriviumError('invalid-argument', `trivium ${wordsOf(capability)} wants ${wanted}.`, {
    field: isPositional ? flag : `--${flag}`,
    expected: schema.description?.replace(/\.$/, ''),
    remedy: example ? `As in: trivium ${example}` : `trivium ${wordsOf(capability)} --help lists the flags.`,
  });
}

/**
 * An error that names flags as they are typed: `maxTokens`, a field of the input or a setting, is `--max-tokens`.
 * @param settings names that flags outside the contract have in errors
 */
export function inFlags(error: unknown, capability: AnyCapability, settings: readonly string[]): unknown {
  if (!TriviumError.isInstance(error)) return error;
  const known = new Map([
    ...settings.map((name) => [name, kebabCase(name)] as const),
    ...flagsOf(capability).map(({ field, flag }) => [field, flag] as const),
  ]);
  const schema = schemaOf(capability);
  const spelled = respelled(error, (name) => {
    const [field = '', ...inside] = name.split('.');
    const flag = known.get(field);
    // `model.safetensors` is a file, whatever `model` is.
    const isField = flag !== undefined && (inside.length === 0 || hasPlace([field, ...inside], schema));
    return isField ? [`--${flag}`, ...inside].join('.') : undefined;
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
    ...flags.map(({ flag, isSwitch }) => [flag, { type: isSwitch ? 'boolean' : 'string' }]),
    ...Object.entries(ownFlags).map(([flag, type]) => [
      flag,
      { type, ...(flag === 'help' && { short: 'h' }) },
    ]),
  ]) as Options;
  let parsed: ParsedArgs;
  try {
    parsed = parse(argv, options);
  } catch (cause) {
    if (TriviumError.isInstance(cause)) throw cause;
    throw unparsed(wordsOf(capability), Object.keys(options), cause as Error);
  }
  const { values, positionals } = parsed;
  const input: Record<string, unknown> = {};
  for (const { flag, field, isSwitch, schema } of flags) {
    const given = values.get(flag);
    if (given) input[field] = isSwitch ? given.at(-1) : valueBehind(flag, schema, given as string[]);
  }
  placePositionals(capability, flags, positionals, input);
  const own = Object.fromEntries(Object.keys(ownFlags).map((flag) => [flag, values.get(flag)?.at(-1)]));
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
  if (!flag || (!flag.isList && positionals.length > 1)) {
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
  input[flag.field] = valueBehind(flag.flag, flag.schema, positionals);
}
