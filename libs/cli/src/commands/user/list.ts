// `baton user list`.
import type { UserView } from '@baton/contracts';
import { printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatAge } from '../../output/units.ts';
import { listItems } from '../../pages.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const listUsers = () => verb('list', 'list users').action(run);

async function run(options: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const items = await listItems(client.users.list);
  printList(options, items, columns(Date.now()), 'No users.');
}

function columns(now: number): Column<UserView>[] {
  return [
    { title: 'email', value: ({ email }) => email, style: () => 'bold' },
    { title: 'name', value: ({ name }) => name },
    {
      title: 'role',
      value: ({ role, disabled, erased }) => (disabled ? `${role}, ${erased ? 'erased' : 'disabled'}` : role),
    },
    { title: 'since', value: ({ createdAt }) => formatAge(createdAt, now) },
    { title: 'id', value: ({ id }) => id, style: () => 'dim' },
  ];
}
