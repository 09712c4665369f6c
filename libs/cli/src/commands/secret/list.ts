// `baton secret list`.
import type { SecretView } from '@baton/contracts';
import { type JsonOption, printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatAge } from '../../output/units.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const listSecrets = () => withPast(verb('list', 'list the names of your secrets')).action(run);

async function run(options: JsonOption & PastOption): Promise<void> {
  const { client } = await connect(pastOf(options));
  const { items } = await client.secrets.list();
  printList(options, items, columns(Date.now()), 'No secrets. Keep one: baton secret set NAME');
}

function columns(now: number): Column<SecretView>[] {
  return [
    { title: 'name', value: ({ name }) => name, style: () => 'bold' },
    { title: 'changed', value: ({ updatedAt }) => formatAge(updatedAt, now) },
  ];
}
