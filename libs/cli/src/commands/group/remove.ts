// `baton group remove`.
import { printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const removeMember = () =>
  verb('remove <group> <user>', 'take someone out of a group, by e-mail or id').action(run);

async function run(name: string, user: string, options: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const changed = await client.groups.removeMember(name, user);
  printResult(options, changed, () => `${user} is no member of ${name} any more.`);
}
