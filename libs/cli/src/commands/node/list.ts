// `baton node list`.
import type { NodeView } from '@baton/contracts';
import { shortId } from '../../job/find-job.ts';
import { stateStyle } from '../../output/paint.ts';
import { type JsonOption, printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatAge, formatBytes } from '../../output/units.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';
import { deviceKinds, freeDevices, remark } from './node-text.ts';

export const listNodes = () =>
  withPast(verb('list', 'list nodes with their devices, and which job holds each')).action(run);

async function run(options: JsonOption & PastOption): Promise<void> {
  const { client } = await connect(pastOf(options));
  const { items } = await client.nodes.list();
  printList(options, items, COLUMNS, 'No nodes. `baton node add` lets a server join.');
}

const COLUMNS: Column<NodeView>[] = [
  { title: 'name', value: ({ name }) => name, style: () => 'bold' },
  { title: 'state', value: ({ state }) => state, style: ({ state }) => stateStyle(state) },
  { title: 'free', value: freeDevices, align: 'right' },
  { title: 'devices', value: deviceKinds },
  { title: 'cpus', value: ({ cpus }) => cpus, align: 'right' },
  { title: 'memory', value: ({ memoryBytes }) => formatBytes(memoryBytes), align: 'right' },
  { title: 'agent', value: ({ agentVersion }) => agentVersion },
  { title: 'seen', value: ({ lastSeenAt }) => (lastSeenAt === null ? 'never' : formatAge(lastSeenAt, Date.now())) },
  {
    title: 'jobs',
    value: ({ devices }) => [...new Set(devices.flatMap(({ jobId }) => (jobId ? [shortId(jobId)] : [])))].join(', '),
  },
  { title: 'remark', value: remark, style: () => 'yellow' },
];
