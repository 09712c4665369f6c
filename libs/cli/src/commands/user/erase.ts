// `baton user erase`: a person is forgotten for good.
import { ask } from '../../ask.ts';
import { usage } from '../../failure.ts';
import { type JsonOption, note, printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

interface Options extends JsonOption {
  readonly to?: string;
  readonly cancelJobs?: boolean;
  readonly yes?: boolean;
}

export const eraseUser = () =>
  verb('erase <user>', "forget a person for good: name, address, secrets, tokens; their jobs' records stay (admin)")
    .option(
      '--to <user>',
      'hand their datasets, models and endpoints to somebody else; else they stay, without a person',
    )
    .option('--cancel-jobs', 'cancel what of theirs is queued or running; else that refuses the erasure')
    .option('--yes', 'do not ask')
    .action(run);

async function run(ref: string, { to, cancelJobs, yes, ...options }: Options): Promise<void> {
  const { client } = await connect();
  const { id, email, name, erased } = await client.users.get(ref);
  if (!yes && !erased) await confirm(email, name);
  const done = await client.users.erase(id, {
    ...(to === undefined ? {} : { to }),
    ...(cancelJobs ? { cancelJobs } : {}),
  });
  printResult(options, done, () => {
    const cancelled = done.cancelledJobs > 0 ? ` ${done.cancelledJobs} of their jobs are cancelled.` : '';
    const handed = to === undefined ? '' : ` ${done.handedOver} of their things belong to ${to} now.`;
    return `${id} is erased.${cancelled}${handed} Make a backup now: it takes their key out of the earlier ones in its folder, too.`;
  });
}

async function confirm(email: string, name: string): Promise<void> {
  note(
    `${name} <${email}> can not be brought back. The key that their name and address are encrypted under is thrown away, their secrets and tokens too.`,
  );
  const answer = await ask({ message: `Type ${email} to erase this person`, instead: '--yes' });
  if (answer !== email) throw usage('That is another address. Nothing was changed.');
}
