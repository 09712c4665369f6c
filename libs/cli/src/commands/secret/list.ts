// `baton secret list`.
import type { SecretView } from '@baton/contracts';
import { printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatAge } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const listSecrets = () => verb('list', 'list the names of your secrets').action(run);

async function run(options: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const { items } = await client.secrets.list();
  printList(options, items, columns(Date.now()), 'No secrets. Keep one: baton secret set NAME');
}

function columns(now: number): Column<SecretView>[] {
  return [
    { title: 'name', value: ({ name }) => name, style: () => 'bold' },
    { title: 'changed', value: ({ updatedAt }) => formatAge(updatedAt, now) },
  ];
}
