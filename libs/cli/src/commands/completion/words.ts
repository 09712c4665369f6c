// What can follow what on a command line, from the program's own commands and options.
import type { Command } from 'commander';

export interface Words {
  /** `baton job`, without the program's name: `job`; the program itself is the empty path. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly { readonly name: string; readonly summary: string }[];
}

export function wordTree(program: Command, path = ''): Words[] {
  const here: Words = {
    path,
    commands: program.commands.map((command) => ({ name: command.name(), summary: command.description() })),
    options: program.options.map(({ long, short, description }) => ({
      name: long ?? short ?? '',
      summary: description,
    })),
  };
  return [here, ...program.commands.flatMap((command) => wordTree(command, `${path} ${command.name()}`.trim()))];
}
