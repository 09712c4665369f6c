// `baton secret delete`.
import { printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const deleteSecret = () => verb('delete <name>', 'forget a secret').action(run);

async function run(name: string, options: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const changed = await client.secrets.delete(name);
  printResult(options, changed, () => `${name} is forgotten.`);
}
