// `baton queue`: what waits, in the order in which it is to start, and why.
import type { QueueItem, QueueView } from '@baton/contracts';
import { type Names, namesFor } from '../../output/names.ts';
import { print, printJson } from '../../output/print.ts';
import { type Column, table } from '../../output/table.ts';
import { formatCount, formatDuration, formatTime } from '../../output/units.ts';
import { shortId } from '../../job/find-job.ts';
import { connect } from '../../session.ts';
import { positiveInteger, verb } from '../../verb.ts';
import { expectedText } from '../../output/expected.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';

interface Options extends PastOption {
  readonly limit?: number;
  readonly json?: boolean;
}

export const queue = () =>
  withPast(verb('queue', 'show what waits, in the order in which it is to start, and why'))
    .option('--limit <count>', 'so many jobs at most, up to 1000; 100 if absent', positiveInteger)
    .action(run);

async function run({ limit, json, ...options }: Options): Promise<void> {
  const { client } = await connect();
  const view = await client.queue.show({
    ...pastOf(options),
    ...(limit === undefined ? {} : { limit }),
  });
  if (json) return printJson(view);
  const names = await namesFor(client, JSON.stringify(view));
  print(queueText(view, names, process.stdout.columns));
}

export function queueText(view: QueueView, names: Pick<Names, 'of'>, width: number | undefined): string {
  const { items, counts, at } = view;
  const all = counts.inLine + counts.queued + counts.notYet;
  if (all === 0) return `Nothing waited at ${formatTime(at)}.`;
  const more = all - items.length;
  const parts = [
    `${counts.queued} in the queue`,
    `${counts.inLine} in line on a node`,
    `${counts.notYet} not to start yet`,
  ];
  const rest = more > 0 ? `; ${formatCount(more, 'more job')} not shown (--limit)` : '';
  return `${table(items, columns(view, names), { width })}\n${formatTime(at)}: ${parts.join(', ')}${rest}.`;
}

function columns({ at }: QueueView, names: Pick<Names, 'of'>): Column<QueueItem>[] {
  return [
    { title: 'place', value: ({ place, code }) => place ?? (code === 'staged-behind' ? 'line' : '-'), align: 'right' },
    { title: 'id', value: ({ job }) => (job.id === null ? 'private' : shortId(job.id)) },
    { title: 'name', value: ({ job }) => job.name ?? '', style: () => 'bold' },
    { title: 'owner', value: ({ job }) => (job.ownerId === null ? '' : names.of(job.ownerId)) },
    { title: 'class', value: ({ className }) => className },
    { title: 'needs', value: ({ shape }) => shape },
    { title: 'waits', value: ({ submittedAt }) => formatDuration(at - submittedAt), align: 'right' },
    { title: 'expected', value: ({ expected }) => expectedText(expected, at) },
    { title: 'starts by', value: ({ promisedAt }) => (promisedAt === null ? '' : formatTime(promisedAt)) },
    { title: 'reason', value: ({ code }) => code, style: () => 'cyan' },
    { title: 'why', value: ({ message }) => message },
  ];
}
