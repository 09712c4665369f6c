// Completion scripts for bash, zsh and fish.
import type { Words } from './words.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, tree: readonly Words[]): string {
  switch (shell) {
    case 'bash':
      return bash(tree);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(tree)}`;
    case 'fish':
      return fish(tree);
    default:
      return shell satisfies never;
  }
}

const wordsOf = ({ commands, options }: Words) => [...commands, ...options].map(({ name }) => name).join(' ');

/** The path is made of the words so far that are commands; behind it come files where no command is left. */
function bash(tree: readonly Words[]): string {
  const cases = tree
    .map((words) => `    ${JSON.stringify(words.path)}) words=${JSON.stringify(wordsOf(words))} ;;`)
    .join('\n');
  return `_baton() {
  local path="" words="" word next current="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [ "$word" = -- ]; then compopt -o default 2>/dev/null; COMPREPLY=(); return; fi
    next="\${path:+$path }$word"
    case "$next" in
${tree
  .filter(({ path }) => path !== '')
  .map(({ path }) => `      ${JSON.stringify(path)}) path="$next" ;;`)
  .join('\n')}
    esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then compopt -o default 2>/dev/null; fi
}
complete -F _baton baton
`;
}

function fish(tree: readonly Words[]): string {
  return tree.map(fishLines).join('\n');
}

function fishLines({ path, commands, options }: Words): string {
  const seen = path.split(' ').filter(Boolean);
  const condition = [
    ...seen.map((word) => `__fish_seen_subcommand_from ${word}`),
    ...(commands.length > 0 ? [`not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(' ')}`] : []),
  ].join('; and ');
  const start = `complete -c baton -n ${quoted(condition)}`;
  return [
    ...commands.map(({ name, summary }) => `${start} -f -a ${name} -d ${quoted(summary)}`),
    ...options
      .filter(({ name }) => name.startsWith('--'))
      .map(({ name, summary }) => `${start} -l ${name.slice(2)} -d ${quoted(summary)}`),
  ].join('\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
