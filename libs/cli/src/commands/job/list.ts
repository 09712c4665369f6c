// `baton job list`.
import type { JobView } from '@baton/contracts';
import { Option } from 'commander';
import { findArrayId, shortId } from '../../job/find-job.ts';
import { jobMessage, runTime, shownState } from '../../job/job-text.ts';
import { stateStyle } from '../../output/paint.ts';
import { printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatAge } from '../../output/units.ts';
import { listItems } from '../../pages.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { positiveInteger, verb } from '../../verb.ts';

interface Options extends PastOption {
  readonly state?: string;
  readonly active?: boolean;
  readonly mine?: boolean;
  readonly name?: string;
  readonly node?: string;
  readonly array?: string;
  readonly limit: number;
  readonly all?: boolean;
  readonly json?: boolean;
}

const STATES = ['queued', 'assigned', 'starting', 'running', 'stopping', 'succeeded', 'failed', 'cancelled'];

export const listJobs = () =>
  withPast(verb('list', 'list jobs, the newest first'))
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .option('--active', 'only those that are not over')
    .option('--mine', 'only your own')
    .option('--name <name>', 'only those of this name')
    .option('--node <node>', 'only those on this node, or with a part on it')
    .option('--array <array>', 'only those of this array: its id, or one of its jobs')
    .option('--limit <n>', 'at most so many', positiveInteger, 30)
    .option('--all', 'without a limit')
    .action(run);

async function run(options: Options): Promise<void> {
  const { client } = await connect(pastOf(options));
  const { state, active, name, node, limit, all } = options;
  const owner = options.mine ? (await (await connect()).client.users.me()).id : undefined;
  const array = options.array === undefined ? undefined : await findArrayId(client, options.array);
  const items = await listItems(
    client.jobs.list,
    { sort: '-createdAt', state, active, name, node, owner, array },
    all ? undefined : limit,
  );
  printList(options, items, columns(Date.now()), 'No jobs. Submit one: baton run ./folder -- python train.py');
}

function nameInList({ name, array }: JobView): string {
  return array ? `${name}[${array.index}]` : name;
}

function columns(now: number): Column<JobView>[] {
  return [
    { title: 'id', value: ({ id }) => shortId(id), style: () => 'dim' },
    { title: 'name', value: nameInList, style: () => 'bold' },
    { title: 'state', value: shownState, style: (job) => stateStyle(shownState(job)) },
    { title: 'node', value: ({ attempts }) => attempts.at(-1)?.nodeName ?? '' },
    { title: 'submitted', value: ({ createdAt }) => formatAge(createdAt, now) },
    { title: 'ran', value: (job) => runTime(job, now), align: 'right' },
    { title: 'why', value: jobMessage },
  ];
}
