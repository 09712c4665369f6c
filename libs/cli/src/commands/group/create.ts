// `baton group create`.
import { printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const createGroup = () => verb('create <name>', 'make a group; you are its owner').action(run);

async function run(name: string, options: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const created = await client.groups.create(name);
  printResult(options, created, () => `${name} is made. Add people with \`baton group add ${name} USER\`.`);
}
