// `baton node show`.
import type { NodeView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { shortId } from '../../job/find-job.ts';
import { stateStyle } from '../../output/paint.ts';
import { type JsonOption, printResult } from '../../output/print.ts';
import { type Column, type Fact, facts, table } from '../../output/table.ts';
import { formatAge, formatBytes } from '../../output/units.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';
import { deviceKinds, type NodeDevice, personName } from './node-text.ts';

export const showNode = () =>
  withPast(
    verb('show <node>', 'show a node: its state, who cordoned it and why, its devices with their jobs and faults'),
  ).action(run);

async function run(ref: string, options: JsonOption & PastOption): Promise<void> {
  const { client } = await connect(pastOf(options));
  const found = await client.nodes.get(ref);
  const about = options.json ? [] : await adminFacts(client, found);
  printResult(options, found, () => nodeText(found, about));
}

/** Who keeps jobs from it, and who let it join. */
async function adminFacts(client: BatonClient, { cordon, invitation }: NodeView): Promise<Fact[]> {
  const now = Date.now();
  const found: Fact[] = [];
  if (cordon) {
    found.push(['cordoned', `by ${await personName(client, cordon.by)}, ${formatAge(cordon.at, now)}`]);
    found.push(['reason', cordon.reason]);
  }
  if (invitation) {
    found.push(['invited', `by ${await personName(client, invitation.by)}`]);
    found.push(['token', `expires ${formatAge(invitation.expiresAt, now)}`]);
  }
  return found;
}

function nodeText(node: NodeView, admin: readonly Fact[]): string {
  const { labels, lastSeenAt, diskBytes } = node;
  const about = facts([
    ['name', node.name],
    ['id', node.id],
    ['state', { text: node.state, style: stateStyle(node.state) }],
    ...admin,
    ['last seen', lastSeenAt === null ? 'never' : formatAge(lastSeenAt, Date.now())],
    ['address', node.address],
    ['devices', deviceKinds(node)],
    ['shared by', node.jobsPerDevice === undefined ? undefined : `up to ${node.jobsPerDevice} jobs a device`],
    ['cpus', node.cpus],
    ['memory', formatBytes(node.memoryBytes)],
    ['disk', diskBytes === undefined ? undefined : formatBytes(diskBytes)],
    [
      'labels',
      Object.entries(labels)
        .map((pair) => pair.join('='))
        .join(', '),
    ],
    ['runs', node.runtimes?.join(', ')],
    ['agent', node.agentVersion],
  ]);
  if (node.devices.length === 0) return about;
  return `${about}\n\n${table(node.devices, COLUMNS, { width: process.stdout.columns })}`;
}

/** Each with its part, where they share it. */
function jobsOn({ held, jobId, sharedBy }: NodeDevice): string {
  const named = (id: string | null) => (id === null ? 'private' : shortId(id));
  if (sharedBy) return sharedBy.map((one) => `${named(one.jobId)} (${one.part})`).join(', ');
  return held ? named(jobId) : '';
}

const COLUMNS: Column<NodeDevice>[] = [
  { title: 'device', value: ({ id }) => id },
  { title: 'model', value: ({ model }) => model },
  { title: 'memory', value: ({ memoryBytes }) => (memoryBytes === 0 ? '' : formatBytes(memoryBytes)), align: 'right' },
  { title: 'job', value: jobsOn },
  { title: 'out of service', value: ({ fault }) => fault ?? '', style: () => 'red' },
];
