// `baton node list`.
import type { NodeView } from '@baton/contracts';
import { shortId } from '../../job/find-job.ts';
import { stateStyle } from '../../output/paint.ts';
import { printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatBytes } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const listNodes = () => verb('list', 'list nodes with their devices, and which job holds each').action(run);

async function run(options: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const { items } = await client.nodes.list();
  printList(options, items, COLUMNS, 'No nodes. They register themselves when their agents start.');
}

const reachability = ({ reachable }: NodeView) => (reachable ? 'reachable' : 'unreachable');

const COLUMNS: Column<NodeView>[] = [
  { title: 'name', value: ({ name }) => name, style: () => 'bold' },
  { title: 'state', value: reachability, style: (node) => stateStyle(reachability(node)) },
  {
    title: 'free',
    value: ({ devices }) => `${devices.filter(({ jobId }) => jobId === null).length} of ${devices.length}`,
    align: 'right',
  },
  { title: 'devices', value: deviceKinds },
  { title: 'cpus', value: ({ cpus }) => cpus, align: 'right' },
  { title: 'memory', value: ({ memoryBytes }) => formatBytes(memoryBytes), align: 'right' },
  {
    title: 'jobs',
    value: ({ devices }) => [...new Set(devices.flatMap(({ jobId }) => (jobId ? [shortId(jobId)] : [])))].join(', '),
  },
];

/** `2 x NVIDIA H100`, kinds in the order of their devices. */
function deviceKinds({ devices }: NodeView): string {
  const counts = new Map<string, number>();
  for (const { kind, model } of devices) {
    const name = model === '' ? kind : model;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${count} x ${name}`).join(', ');
}
