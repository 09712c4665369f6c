// `baton job overtakers`: which jobs came after a job and started before it, and why.
import type { Overtaker, OvertakersView } from '@baton/contracts';
import { findJobId, shortId } from '../../job/find-job.ts';
import { type Names, namesFor } from '../../output/names.ts';
import { print, printJson } from '../../output/print.ts';
import { type Column, table } from '../../output/table.ts';
import { formatCount, formatTime } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const jobOvertakers = () =>
  verb('overtakers <job>', 'list the jobs that came after a job and started before it, each with the reason').action(
    run,
  );

async function run(ref: string, { json }: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const view = await client.queue.overtakers(await findJobId(client, ref));
  if (json) return printJson(view);
  print(overtakersText(view, await namesFor(client, JSON.stringify(view)), process.stdout.columns));
}

export function overtakersText(view: OvertakersView, names: Pick<Names, 'of'>, width: number | undefined): string {
  const { name, submittedAt, startedAt, items, total } = view;
  const until = startedAt === null ? 'now' : `its start at ${formatTime(startedAt)}`;
  const span = `between ${formatTime(submittedAt)}, when ${name} was submitted, and ${until}`;
  if (total === 0) return `No later job started ${span}.`;
  const more = total > items.length ? ` The first ${items.length} are shown.` : '';
  return `${table(items, columns(names), { width })}\n${formatCount(total, 'later job')} started ${span}.${more}`;
}

function columns(names: Pick<Names, 'of'>): Column<Overtaker>[] {
  return [
    { title: 'started', value: ({ startedAt }) => formatTime(startedAt) },
    { title: 'id', value: ({ job }) => (job.id === null ? 'private' : shortId(job.id)) },
    { title: 'name', value: ({ job }) => job.name ?? '', style: () => 'bold' },
    { title: 'owner', value: ({ job }) => (job.ownerId === null ? '' : names.of(job.ownerId)) },
    { title: 'class', value: ({ className }) => className },
    { title: 'needs', value: ({ shape }) => shape },
    { title: 'reason', value: ({ code }) => code, style: () => 'cyan' },
    { title: 'why', value: ({ message }) => message },
  ];
}
