/** Help texts, made from contracts. */
import type { AnyCapability } from '@trivium/protocol';
import { flagsOf, placeholderOf } from './flags.js';
import type { OwnFlags } from './own-flags.js';
import { wordsOf } from './words.js';

/** At least two blanks between columns, however long the left one is. */
const pad = (text: string, width: number) => `${text}  `.padEnd(width);

const listed = (rows: readonly (readonly [string, string])[]) =>
  rows.map(([name, title]) => `  ${pad(name, 17)}${title}`);

const rowOf = (capability: AnyCapability) => [wordsOf(capability), capability.title] as const;

/** Commands of this package that are no capabilities. */
export const ownCommands = [
  ['serve', 'Serve models, documents and jobs over HTTP'],
  ['completion', 'Print completion for bash, zsh or fish'],
  ['doctor', 'Say what is missing on this machine'],
] as const;

export function generalHelp(capabilities: readonly AnyCapability[]): string {
  return [
    'trivium COMMAND …: long documents, local models, one command.',
    '',
    ...listed([...capabilities.map(rowOf), ...ownCommands]),
    '',
    'trivium COMMAND --help tells the rest. Data goes to standard output, everything else to standard error.',
    'Exit codes: 0 done, 1 failed, 2 wrong call, 130 interrupted.',
  ].join('\n');
}

/** The commands of one plugin. */
export const commandList = (capabilities: readonly AnyCapability[]) =>
  listed(capabilities.map(rowOf)).join('\n');

export function commandHelp(capability: AnyCapability, ownFlags: OwnFlags): string {
  const flags = flagsOf(capability);
  const positional = flags.find(({ field }) => field === capability.commandLine?.positional);
  const place = positional ? ` ${positional.flag.toUpperCase()}${positional.isList ? '…' : ''}` : '';
  const rows = flags.map((flag) => {
    const { description, choices, isClosed, default: byDefault } = flag.schema;
    const notes = [
      // A sentence of the contract becomes a note among notes.
      description?.replace(/\.$/, ''),
      isClosed && `one of ${choices.join(', ')}`,
      byDefault !== undefined && `default ${JSON.stringify(byDefault)}`,
      flag.required && 'required',
    ].filter(Boolean);
    // A switch that is on is turned off.
    const value = flag.isSwitch
      ? byDefault === true
        ? `, --no-${flag.flag}`
        : ''
      : ` ${placeholderOf(flag)}`;
    return `  ${pad(`--${flag.flag}${value}`, 26)}${notes.join('; ')}`;
  });
  const own = Object.entries(ownFlags).map(
    ([flag, { help, value }]) => `  ${pad(`--${flag}${value ? ` ${value}` : ''}`, 26)}${help}`,
  );
  const examples = (capability.commandLine?.examples ?? []).map((example) => `  trivium ${example}`);
  return [
    `trivium ${wordsOf(capability)}${place} [flags]`,
    '',
    capability.description,
    '',
    ...rows,
    ...own,
    ...(examples.length > 0 ? ['', 'Examples:', ...examples] : []),
  ].join('\n');
}
