// `baton job events`: what has happened to a job, as the log has it.
import type { JobEventView } from '@baton/contracts';
import { findJobId } from '../../job/find-job.ts';
import { printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatTime } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const jobEvents = () => verb('events <job>', 'show what has happened to a job').action(run);

async function run(ref: string, options: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const { items } = await client.jobs.events(await findJobId(client, ref));
  printList(options, items, COLUMNS, 'Nothing yet.');
}

const COLUMNS: Column<JobEventView>[] = [
  { title: 'at', value: ({ at }) => formatTime(at) },
  { title: 'by', value: ({ actor }) => actor, style: () => 'dim' },
  { title: 'what', value: ({ events }) => events.map(eventText).join(', ') },
];

/** Its name, and the members that say something in a word. */
function eventText({ type, data }: JobEventView['events'][number]): string {
  const told = ['attempt', 'nodeId', 'cause', 'message', 'reason'];
  const members = Object.entries(data as Record<string, unknown>).filter(
    ([name, value]) => told.includes(name) && value !== '',
  );
  const result = (data as { result?: { message?: string } }).result?.message;
  const words = [...members.map(([name, value]) => `${name} ${String(value)}`), ...(result ? [result] : [])];
  return words.length === 0 ? type : `${type} (${words.join(', ')})`;
}
