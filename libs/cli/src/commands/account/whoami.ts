// `baton whoami`.
import { printResult } from '../../output/print.ts';
import { facts } from '../../output/table.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const whoami = () => verb('whoami', 'show who is logged in, and where').action(run);

async function run(options: { readonly json?: boolean }): Promise<void> {
  const { client, url } = await connect();
  const user = await client.users.me();
  printResult(options, { url, ...user }, () =>
    facts([
      ['email', user.email],
      ['name', user.name],
      ['role', user.role],
      ['id', user.id],
      ['at', url],
    ]),
  );
}
