// `baton reservation list`.
import type { BookingView } from '@baton/contracts';
import { type Names, namesFor } from '../../output/names.ts';
import { printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatTime } from '../../output/units.ts';
import { listItems } from '../../pages.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

interface Options extends PastOption {
  readonly node?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

export const listReservations = () =>
  withPast(verb('list', 'list reservations by their beginning'))
    .option('--node <node>', 'only those of this node')
    .option('--all', 'also those that are over or cancelled')
    .action(run);

async function run({ node, all, json, ...options }: Options): Promise<void> {
  const { client } = await connect(pastOf(options));
  const query = { ...(node === undefined ? {} : { node }), ...(all ? { all } : {}) };
  const found = await listItems(client.reservations.list, query);
  const names = await namesFor(client, json ? '' : JSON.stringify(found));
  printList(json ? { json } : {}, found, columns(names), 'No reservations.');
}

function columns(names: Names): Column<BookingView>[] {
  return [
    { title: 'id', value: ({ id }) => id },
    { title: 'node', value: ({ nodeName }) => nodeName, style: () => 'bold' },
    { title: 'devices', value: ({ devices }) => devices?.join(', ') ?? 'all' },
    { title: 'from', value: ({ from }) => formatTime(from) },
    { title: 'until', value: ({ until }) => formatTime(until) },
    { title: 'state', value: ({ state }) => state, style: ({ state }) => (state === 'current' ? 'cyan' : undefined) },
    {
      title: 'for',
      value: ({ userIds, groupIds }) => [...userIds, ...groupIds].map((id) => names.of(id)).join(', ') || 'repair',
    },
    { title: 'reason', value: ({ reason }) => reason },
  ];
}
