/**
 * Completion for shells, made from the contracts: commands, their flags, and the values of flags that have few. The
 * scripts are plain words, so that completing starts no process of ours.
 */
import { TriviumError } from '@trivium/protocol';
import type { Command } from './command.js';
import { flagsOf } from './flags.js';
import { ownCommands } from './help.js';
import { loadFlags, type OwnFlag, ownFlagsOf } from './own-flags.js';
import { serveOptions } from './serve/serve-flags.js';
import { wordsOf } from './words.js';

const shells = ['bash', 'zsh', 'fish'];

export const completionHelp = `trivium completion SHELL

Prints what makes a shell complete commands, flags and their values: bash, zsh or fish.

  source <(trivium completion bash)     in ~/.bashrc
  source <(trivium completion zsh)      in ~/.zshrc
  trivium completion fish | source      in ~/.config/fish/config.fish`;

interface CompletedFlag {
  flag: string;
  takesValue: boolean;
  values: readonly string[];
  help: string;
}

interface Completed {
  /** `search`, or `jobs list`. */
  words: string;
  title: string;
  /** All that may follow, where they are few and no files. */
  values: readonly string[];
  flags: readonly CompletedFlag[];
}

function completedOf({ capability }: Command): Completed {
  const flags = flagsOf(capability).map(({ flag, schema, isSwitch }) => {
    const { choices, items, default: byDefault, description = '' } = schema;
    // Of a switch that is on, what turns it off.
    const isOn = isSwitch && byDefault === true;
    return {
      flag: isOn ? `no-${flag}` : flag,
      takesValue: !isSwitch,
      values: [...choices, ...(items?.choices ?? [])].map(String),
      help: isOn ? `not: ${description}` : description,
    };
  });
  const ownFlags = Object.entries<OwnFlag>(ownFlagsOf(capability)).map(
    ([flag, { type, help, values = [] }]) => ({
      flag,
      takesValue: type === 'string',
      values,
      help,
    }),
  );
  return { words: wordsOf(capability), title: capability.title, values: [], flags: [...flags, ...ownFlags] };
}

const help: CompletedFlag = { flag: 'help', takesValue: false, values: [], help: '' };

/** Commands that are no capabilities, as far as more than their name can be completed. */
function othersThan(capabilities: readonly Completed[]): Completed[] {
  const serveFlags = Object.entries(serveOptions).map(([flag, { type }]) => ({
    flag,
    takesValue: type === 'string',
    values: (loadFlags as Record<string, OwnFlag>)[flag]?.values ?? [],
    help: '',
  }));
  const more: Record<string, Partial<Completed>> = {
    serve: { flags: serveFlags },
    completion: { values: shells, flags: [help] },
    doctor: { flags: [help] },
  };
  const own = ownCommands.map(([words, title]) => ({ words, title, values: [], flags: [], ...more[words] }));
  const named = firstWords([...capabilities, ...own]);
  return [...own, { words: 'help', title: 'Tell about a command', values: named, flags: [] }];
}

const firstWords = (commands: readonly Completed[]) => [
  ...new Set(commands.map(({ words }) => words.split(' ')[0]!)),
];

/** Second words by first ones. */
function groupsOf(commands: readonly Completed[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { words } of commands) {
    const [group = '', word] = words.split(' ');
    if (word !== undefined) groups.set(group, [...(groups.get(group) ?? []), word]);
  }
  return groups;
}

/** Where no word fits, the shell completes files. */
function bash(commands: readonly Completed[]): string {
  const groups = groupsOf(commands);
  const values = commands.flatMap(({ words, flags }) =>
    flags.flatMap(({ flag, values: few }) =>
      few.length > 0 ? [`    "${words} --${flag}") words="${few.join(' ')}" ;;`] : [],
    ),
  );
  const places = [
    ...[...groups].map(([group, seconds]) => `      "${group}") words="${seconds.join(' ')}" ;;`),
    ...commands.map(
      ({ words, values: few, flags }) =>
        `      "${words}") words="${few.join(' ')}" flags="${flags.map(({ flag }) => `--${flag}`).join(' ')}" ;;`,
    ),
  ];
  return `_trivium() {
  local at=$COMP_CWORD name="\${COMP_WORDS[1]}" words="" flags=""
  local current="\${COMP_WORDS[at]}" previous="\${COMP_WORDS[at-1]}"
  # --flag=value is three words to the shell.
  if [ "$current" = "=" ]; then current=""; elif [ "$previous" = "=" ]; then previous="\${COMP_WORDS[at-2]}"; fi
  case "$name" in ${[...groups.keys()].join('|')}) [ "$at" -gt 2 ] && name="$name \${COMP_WORDS[2]}" ;; esac
  if [ "$at" -eq 1 ]; then words="${firstWords(commands).join(' ')}" flags="--help --version"
  else case "$name $previous" in
${values.join('\n')}
    *) case "$name" in
${places.join('\n')}
      esac ;;
  esac; fi
  case "$current" in -*) words="$flags" ;; esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _trivium trivium`;
}

/** bash's, by what zsh has for that; a shell that completes nothing yet is told to first. */
const zsh = (
  commands: readonly Completed[],
) => `(( $+functions[compdef] )) || { autoload -U compinit && compinit }
autoload -U +X bashcompinit && bashcompinit
${bash(commands)}`;

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function fish(commands: readonly Completed[]): string {
  const groups = groupsOf(commands);
  const isNext = (words: string) => quoted(`__fish_trivium_at ${words}`);
  const groupLines = [...groups.keys()].map(
    (group) => `complete -c trivium -n '__fish_trivium_at' -f -a ${group}`,
  );
  const lines = commands.flatMap(({ words, title, values, flags }) => {
    const [first = '', second] = words.split(' ');
    const at = second === undefined ? "'__fish_trivium_at'" : isNext(first);
    const line = (condition: string, more: string) => `complete -c trivium -n ${condition} ${more}`;
    return [
      line(at, `-f -a ${second ?? first} -d ${quoted(title)}`),
      ...(values.length > 0 ? [line(isNext(words), `-f -a ${quoted(values.join(' '))}`)] : []),
      ...flags.map(({ flag, takesValue, values: few, help: text }) => {
        const value = few.length > 0 ? ` -x -a ${quoted(few.join(' '))}` : takesValue ? ' -r' : '';
        const condition = quoted(`__fish_trivium_within ${words}`);
        return line(condition, `-l ${flag}${value}${text && ` -d ${quoted(text)}`}`);
      }),
    ];
  });
  return `function __fish_trivium_at -d 'Whether these words are all that stands before the one that is typed'
  set -l typed (commandline -opc)
  set -e typed[1]
  test "$argv" = "$typed"
end
function __fish_trivium_within -d 'Whether the command line begins with these words'
  set -l typed (commandline -opc)
  set -e typed[1]
  string match -q -- "$argv *" "$typed "
end
${[...groupLines, ...lines].join('\n')}`;
}

/** @throws TriviumError `invalid-argument` for a shell that is not known */
export function completionScript(shell: string | undefined, commands: readonly Command[]): string {
  const capabilities = commands.map(completedOf);
  const completed = [...capabilities, ...othersThan(capabilities)];
  switch (shell) {
    case 'bash':
      return bash(completed);
    case 'zsh':
      return zsh(completed);
    case 'fish':
      return fish(completed);
    default:
      throw new TriviumError(
        'invalid-argument',
        shell === undefined ? 'trivium completion wants SHELL.' : `There is no completion for "${shell}".`,
        { expected: shells.join(', '), remedy: 'As in: source <(trivium completion bash)' },
      );
  }
}
