// The whole command line as a tree of commands.
import { Command } from 'commander';
import { login } from './commands/account/login.ts';
import { logout } from './commands/account/logout.ts';
import { whoami } from './commands/account/whoami.ts';
import { backup } from './commands/backup/backup.ts';
import { completion } from './commands/completion/completion.ts';
import { dataset } from './commands/dataset/dataset.ts';
import { endpoint } from './commands/endpoint/endpoint.ts';
import { gaps } from './commands/gaps/gaps.ts';
import { group } from './commands/group/group.ts';
import { job } from './commands/job/job.ts';
import { runJob } from './commands/job/run.ts';
import { log } from './commands/log/log.ts';
import { model } from './commands/model/model.ts';
import { node } from './commands/node/node.ts';
import { policy } from './commands/policy/policy.ts';
import { queue } from './commands/queue/queue.ts';
import { reservation } from './commands/reservation/reservation.ts';
import { retention } from './commands/retention/retention.ts';
import { secret } from './commands/secret/secret.ts';
import { simulate } from './commands/simulate/simulate.ts';
import { stats } from './commands/stats/stats.ts';
import { token } from './commands/token/token.ts';
import { user } from './commands/user/user.ts';
import { EXIT_CODE_MEANINGS } from './exit-codes.ts';

export const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['BATON_URL', 'where Baton is, in place of the last log-in'],
  ['BATON_TOKEN', 'a token, in place of the log-in'],
  ['BATON_HOME', 'the state folder, for commands that work on it; default .baton'],
  ['XDG_CONFIG_HOME', 'where baton/config.json is kept; default ~/.config'],
  ['XDG_STATE_HOME', 'where baton/uploads keeps how far uploads are; default ~/.local/state'],
  ['NO_COLOR', 'no colours'],
  ['BATON_DEBUG', 'where an unexpected error came from'],
];

/** A new one each time: commander keeps what it has parsed. */
export function baton(): Command {
  const program = new Command('baton')
    .description('Baton passes the GPU from one training job to the next without dropping it.')
    .version('0.1.0', '-V, --version')
    // After a command its own options alone count: `--version` of a policy is not that of the program.
    .enablePositionalOptions()
    .addHelpText(
      'after',
      `\n${helpSection('Exit codes', EXIT_CODE_MEANINGS)}\n\n${helpSection('Environment', ENVIRONMENT)}`,
    );
  for (const command of [login(), logout(), whoami(), runJob(), job(), dataset(), model(), endpoint(), node(), gaps()])
    program.addCommand(command);
  for (const command of [queue(), stats(), simulate(), policy(), reservation(), retention(), log(), backup()])
    program.addCommand(command);
  for (const command of [token(), secret(), group(), user(), completion()]) program.addCommand(command);
  return strictly(program);
}

function helpSection(title: string, rows: readonly (readonly [string | number, string])[]): string {
  const width = Math.max(...rows.map(([name]) => String(name).length));
  return [`${title}:`, ...rows.map(([name, meaning]) => `  ${String(name).padEnd(width)}  ${meaning}`)].join('\n');
}

/** What is not valid is thrown, not ended with: one place decides on exit codes. */
function strictly(command: Command): Command {
  command.exitOverride().showHelpAfterError(`Run \`${pathOf(command)} --help\` to see what it takes.`);
  for (const each of command.commands) strictly(each);
  return command;
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
