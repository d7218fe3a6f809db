/**
 * Completion for shells, made from the contracts: commands, their flags, and the values of flags that have few. The
 * scripts are plain words, so that completing starts no process of ours.
 */
import { TriviumError } from '@trivium/protocol';
import type { Command } from './command.js';
import { flagsOf } from './flags.js';
import { ownFlagsOf } from './own-flags.js';
import { wordsOf } from './words.js';

export const shells = ['bash', 'zsh', 'fish'] as const;

interface Completed {
  /** `search`, or `jobs list`. */
  words: string;
  title: string;
  flags: { flag: string; values: string[]; help: string }[];
}

function completedOf({ capability }: Command): Completed {
  const flags = flagsOf(capability).map(({ flag, property }) => ({
    flag: `--${flag}`,
    values: (property.enum ?? property.items?.enum ?? []).map(String),
    help: property.description ?? '',
  }));
  const ownFlags = Object.entries(ownFlagsOf(capability)).map(([flag, { help, values = [] }]) => ({
    flag: `--${flag}`,
    values: [...values],
    help,
  }));
  return { words: wordsOf(capability), title: capability.title, flags: [...flags, ...ownFlags] };
}

const others = ['completion', 'doctor', 'help', 'serve'];

function bash(commands: readonly Completed[]): string {
  const first = [...new Set(commands.map(({ words }) => words.split(' ')[0]!)), ...others];
  const groups = [
    ...new Set(commands.filter(({ words }) => words.includes(' ')).map(({ words }) => words.split(' ')[0]!)),
  ];
  const seconds = groups.map(
    (group) =>
      `    ${group}) words="${commands.flatMap(({ words }) => (words.startsWith(`${group} `) ? [words.split(' ')[1]] : [])).join(' ')}" ;;`,
  );
  const flags = commands.map(
    ({ words, flags: all }) => `    "${words}") words="${all.map(({ flag }) => flag).join(' ')}" ;;`,
  );
  const values = commands.flatMap(({ words, flags: all }) =>
    all.flatMap(({ flag, values: few }) =>
      few.length > 0 ? [`    "${words} ${flag}") words="${few.join(' ')}" ;;`] : [],
    ),
  );
  return `_trivium() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words="" name="\${COMP_WORDS[1]}"
  case "$name" in ${groups.join('|')}) [ "$COMP_CWORD" -gt 2 ] && name="$name \${COMP_WORDS[2]}" ;; esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${first.join(' ')}"
  else
    case "$name $previous" in
${values.join('\n')}
    esac
    [ -z "$words" ] && case "$name" in
${seconds.join('\n')}
${flags.join('\n')}
    completion) words="${shells.join(' ')}" ;;
    esac
  fi
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$(printf '%s\\n' $words | grep -v '^-')" -- "$current"))
       [ "$COMP_CWORD" -gt 1 ] && COMPREPLY+=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _trivium trivium`;
}

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function fish(commands: readonly Completed[]): string {
  const lines = commands.flatMap(({ words, title, flags }) => {
    const [first = '', second] = words.split(' ');
    const seen = `__fish_seen_subcommand_from ${first}`;
    const named = second
      ? `complete -c trivium -n ${quoted(seen)} -a ${second} -d ${quoted(title)}`
      : `complete -c trivium -n __fish_use_subcommand -a ${first} -d ${quoted(title)}`;
    const when = quoted(second ? `${seen}; and __fish_seen_subcommand_from ${second}` : seen);
    const flagLines = flags.map(({ flag, values, help }) => {
      const few = values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : '';
      return `complete -c trivium -n ${when} -l ${flag.slice(2)}${few} -d ${quoted(help)}`;
    });
    return [named, ...flagLines];
  });
  const groups = [
    ...new Set(commands.filter(({ words }) => words.includes(' ')).map(({ words }) => words.split(' ')[0]!)),
  ];
  const rest = [...groups, ...others].map(
    (word) => `complete -c trivium -n __fish_use_subcommand -a ${word}`,
  );
  return [...lines, ...rest].join('\n');
}

/** @throws TriviumError `invalid-argument` for a shell that is not known */
export function completionScript(shell: string | undefined, commands: readonly Command[]): string {
  const completed = commands.map(completedOf);
  switch (shell) {
    case 'bash':
      return bash(completed);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(completed)}`;
    case 'fish':
      return fish(completed);
    default:
      throw new TriviumError('invalid-argument', `There is no completion for "${shell ?? ''}".`, {
        expected: shells.join(', '),
        remedy: 'source <(trivium completion bash)',
      });
  }
}
