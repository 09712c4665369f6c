// `baton retention sweep`: what has had its time goes now, or would.
import type { ExpiredContent } from '@baton/contracts';
import { type JsonOption, note, printJson, printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatAge, formatBytes } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

interface Options extends JsonOption {
  readonly dryRun?: boolean;
}

export const sweepRetention = () =>
  verb('sweep', 'remove output and metrics that have had their time; done by itself every ten minutes (admin)')
    .option('--dry-run', 'say what would go, and remove nothing')
    .action(run);

async function run({ dryRun = false, json, ...options }: Options): Promise<void> {
  const { client } = await connect();
  const sweep = await client.retention.sweep({ dryRun });
  if (json) return printJson(sweep);
  const nothing = 'Nothing has had its time. `baton policy show` has the rules, under `retention`.';
  printList(options, sweep.items, columns(Date.now()), nothing);
  const { count, sizeBytes, pending, items } = sweep;
  if (count > items.length) note(`And ${count - items.length} more.`);
  if (count > 0)
    note(`${count} in all, ${formatBytes(sizeBytes)}. ${dryRun ? 'Nothing was removed.' : 'They go now.'}`);
  if (pending > 0) note(`${pending} jobs have something that was removed before, and still takes room for a few days.`);
}

function columns(now: number): Column<ExpiredContent>[] {
  return [
    { title: 'job', value: ({ jobName }) => jobName, style: () => 'bold' },
    { title: 'what', value: ({ what }) => what },
    { title: 'why', value: ({ reason }) => reason },
    { title: 'ended', value: ({ endedAt }) => formatAge(endedAt, now) },
    {
      title: 'size',
      value: ({ what, sizeBytes }) => (what === 'metrics' && sizeBytes === 0 ? '' : formatBytes(sizeBytes)),
    },
    { title: 'id', value: ({ jobId }) => jobId, style: () => 'dim' },
  ];
}
