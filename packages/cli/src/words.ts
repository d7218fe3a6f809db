/** How capabilities are called on a command line: built-in ones by their own name or in a group, others behind their plugin's. */
import type { Plugin } from '@trivium/protocol';
import { documents, jobs, models } from '@trivium/sdk';

export const builtIn: readonly Plugin[] = [documents, models, jobs];

/** `search`, `models list`, `word-count count`. */
export function wordsOf({ plugin, name }: { plugin: string; name: string }): string {
  if (!builtIn.some((known) => known.name === plugin)) return `${plugin} ${name}`;
  return name.startsWith(`${plugin}-`) ? `${plugin} ${name.slice(plugin.length + 1)}` : name;
}
