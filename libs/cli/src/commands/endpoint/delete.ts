// `baton endpoint delete`.
import { printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const deleteEndpoint = () => verb('delete <name>', 'delete an endpoint; requests under way finish').action(run);

async function run(name: string, options: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const changed = await client.endpoints.delete(name);
  printResult(options, changed, () => `${name} is deleted.`);
}
