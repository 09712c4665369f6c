// `baton group list`.
import type { GroupView } from '@baton/contracts';
import { printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatAge } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const listGroups = () => verb('list', 'list groups with their members').action(run);

async function run(options: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const { items } = await client.groups.list();
  printList(options, items, columns(Date.now()), 'No groups. Make one: baton group create NAME');
}

function columns(now: number): Column<GroupView>[] {
  return [
    { title: 'name', value: ({ name }) => name, style: () => 'bold' },
    { title: 'made', value: ({ createdAt }) => formatAge(createdAt, now) },
    {
      title: 'members',
      value: ({ members }) =>
        members.map(({ userId, role }) => (role === 'owner' ? `${userId} (owner)` : userId)).join(', '),
    },
  ];
}
