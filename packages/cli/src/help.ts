/** Help texts, made from contracts. */
import type { AnyCapability } from '@trivium/protocol';
import { flagsOf } from './flags.js';

/** At least two blanks between columns, however long the left one is. */
const pad = (text: string, width: number) => `${text}  `.padEnd(width);

export function generalHelp(capabilities: readonly AnyCapability[]): string {
  const rows = [
    ...capabilities.map(({ name, title }) => [name, title]),
    ['doctor', 'Say what is missing on this machine'],
  ] as [string, string][];
  return [
    'trivium COMMAND …: long documents, local models, one command.',
    '',
    ...rows.map(([name, title]) => `  ${pad(name, 15)}${title}`),
    '',
    'trivium COMMAND --help tells the rest. Data goes to standard output, everything else to standard error.',
    'Exit codes: 0 done, 1 failed, 2 wrong call, 130 interrupted.',
  ].join('\n');
}

export function commandHelp(capability: AnyCapability, ownFlags: Record<string, string>): string {
  const flags = flagsOf(capability);
  const positional = flags.find(({ field }) => field === capability.commandLine?.positional);
  const place = positional
    ? ` ${positional.flag.toUpperCase()}${positional.property.type === 'array' ? '…' : ''}`
    : '';
  const rows = flags.map(({ flag, property, required }) => {
    const notes = [
      property.description,
      property.enum && `one of ${property.enum.join(', ')}`,
      property.default !== undefined && `default ${JSON.stringify(property.default)}`,
      required && 'required',
    ].filter(Boolean);
    const value = property.type === 'boolean' ? '' : ` ${(property.type ?? 'value').toUpperCase()}`;
    return `  ${pad(`--${flag}${value}`, 26)}${notes.join('; ')}`;
  });
  const own = Object.entries(ownFlags).map(
    ([flag, description]) => `  ${pad(`--${flag}`, 26)}${description}`,
  );
  const examples = (capability.commandLine?.examples ?? []).map((example) => `  trivium ${example}`);
  return [
    `trivium ${capability.name}${place} [flags]`,
    '',
    capability.description,
    '',
    ...rows,
    ...own,
    ...(examples.length > 0 ? ['', 'Examples:', ...examples] : []),
  ].join('\n');
}
