// `baton group show`.
import type { GroupView } from '@baton/contracts';
import { type JsonOption, printResult } from '../../output/print.ts';
import { type Column, facts, table } from '../../output/table.ts';
import { formatAge } from '../../output/units.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const showGroup = () => withPast(verb('show <group>', 'show a group with its members')).action(run);

async function run(name: string, options: JsonOption & PastOption): Promise<void> {
  const { client } = await connect(pastOf(options));
  const found = await client.groups.get(name);
  printResult(options, found, () => groupText(found));
}

function groupText({ id, name, createdAt, members }: GroupView): string {
  const about = facts([
    ['name', name],
    ['id', id],
    ['made', formatAge(createdAt, Date.now())],
  ]);
  return `${about}\n\n${table(members, COLUMNS)}`;
}

const COLUMNS: Column<GroupView['members'][number]>[] = [
  { title: 'member', value: ({ userId }) => userId },
  { title: 'role', value: ({ role }) => role },
];
