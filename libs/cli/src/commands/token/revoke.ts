// `baton token revoke`.
import { printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const revokeToken = () => verb('revoke <id>', 'make a token useless, at once').action(run);

async function run(id: string, options: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const changed = await client.tokens.revoke(id);
  printResult(options, changed, () => `${id} is revoked.`);
}
