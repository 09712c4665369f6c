// `baton group add`.
import type { MemberRole } from '@baton/contracts';
import { Option } from 'commander';
import { printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

interface Options {
  readonly role?: MemberRole;
  readonly json?: boolean;
}

export const addMember = () =>
  verb('add <group> <user>', 'add someone to a group, by e-mail or id')
    .addOption(
      new Option('--role <role>', 'an owner changes its members; member if absent').choices(['member', 'owner']),
    )
    .action(run);

async function run(name: string, user: string, options: Options): Promise<void> {
  const { client } = await connect();
  const { role } = options;
  const changed = await client.groups.addMember(name, user, role === undefined ? {} : { role });
  printResult(options, changed, () => `${user} is ${role === 'owner' ? 'an owner' : 'a member'} of ${name}.`);
}
