// `baton completion`: a script that the shell reads; it is made from the program itself.
import { Argument, Command } from 'commander';
import { EXIT } from '../../exit-codes.ts';
import { print } from '../../output/print.ts';
import { completionScript, type Shell, SHELLS } from './shells.ts';
import { wordTree } from './words.ts';

export const completion = () =>
  new Command('completion')
    .description('print a script that completes commands and options in your shell')
    .addArgument(new Argument('<shell>').choices([...SHELLS]))
    .addHelpText(
      'after',
      '\nTo use it:\n  bash  source <(baton completion bash)\n  zsh   source <(baton completion zsh)\n  fish  baton completion fish | source',
    )
    .action((shell: Shell, _options: unknown, self: Command) => run(shell, self));

function run(shell: Shell, self: Command): void {
  const program = self.parent;
  if (program) print(completionScript(shell, wordTree(program)));
  process.exitCode = EXIT.ok;
}
