// `baton user invite`: a one-time token for somebody's sign-up.
import { Option } from 'commander';
import { note, print, printJson } from '../../output/print.ts';
import { formatAge } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { positiveInteger, verb } from '../../verb.ts';

interface Options {
  readonly role?: 'admin' | 'user';
  readonly expiresInHours?: number;
  readonly json?: boolean;
}

export const inviteUser = () =>
  verb('invite', 'make a one-time token with which somebody can sign up')
    .addOption(new Option('--role <role>', 'what they will be').choices(['user', 'admin']))
    .option('--expires-in-hours <n>', 'how long it is good for', positiveInteger)
    .action(run);

async function run({ role, expiresInHours, json }: Options): Promise<void> {
  const { client, url } = await connect();
  const invite = await client.users.invite({
    ...(role === undefined ? {} : { role }),
    ...(expiresInHours === undefined ? {} : { expiresInHours }),
  });
  if (json) return printJson(invite);
  note(
    `It works once, and expires ${formatAge(invite.expiresAt, Date.now())}: baton login --url ${url} --sign-up ${invite.token}`,
  );
  print(invite.token);
}
