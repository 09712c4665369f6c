// `baton group list`.
import type { GroupView } from '@baton/contracts';
import { type JsonOption, printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatAge } from '../../output/units.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const listGroups = () => withPast(verb('list', 'list groups with their members')).action(run);

async function run(options: JsonOption & PastOption): Promise<void> {
  const { client } = await connect(pastOf(options));
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
