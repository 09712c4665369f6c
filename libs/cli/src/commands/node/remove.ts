// `baton node remove`: for good, with its credentials.
import { ask } from '../../ask.ts';
import { usage } from '../../failure.ts';
import { type JsonOption, note, printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

interface Options extends JsonOption {
  readonly reason?: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

export const removeNode = () =>
  verb(
    'remove <node>',
    'send a node away for good and revoke its credentials, or a join token that nobody used (admin)',
  )
    .option('--reason <text>', 'kept in the log')
    .option('--force', 'although jobs are on it: the server is dead, and its jobs are queued again')
    .option('--yes', 'do not ask')
    .action(run);

async function run(ref: string, options: Options): Promise<void> {
  const { client } = await connect();
  if (options.force && !options.yes) await confirm(ref);
  const removed = await client.nodes.remove(ref, {
    ...(options.force ? { force: true } : {}),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
  });
  printResult(options, removed, () => `${ref} is removed. Its credentials are good for nothing any more.`);
}

async function confirm(ref: string): Promise<void> {
  note(
    `By force you give your word that ${ref} is dead. Jobs on it count as lost and start again on other nodes. Should the server live, their processes run on there unseen, and hold its cards, until somebody ends them.`,
  );
  const answer = await ask({ message: `Type ${ref} to remove it`, instead: '--yes' });
  if (answer !== ref) throw usage('That is another name. Nothing was changed.');
}
