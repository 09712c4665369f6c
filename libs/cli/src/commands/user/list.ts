// `baton user list`.
import type { UserView } from '@baton/contracts';
import { type JsonOption, printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatAge } from '../../output/units.ts';
import { listItems } from '../../pages.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const listUsers = () => withPast(verb('list', 'list users')).action(run);

async function run(options: JsonOption & PastOption): Promise<void> {
  const { client } = await connect(pastOf(options));
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
