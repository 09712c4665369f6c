// What jobs, users and groups had of the devices, in device-seconds.
import type { GapCosts } from '@baton/contracts';
import { shortId } from '../../job/find-job.ts';
import { type Column, table } from '../../output/table.ts';

const MOST_JOBS = 10;

interface Cost {
  readonly heldUs: number;
  readonly runningUs: number;
}
interface Row extends Cost {
  readonly what: string;
  readonly name: string;
}

const COLUMNS: Column<Row>[] = [
  { title: '', value: ({ what }) => what, style: () => 'dim' },
  { title: 'device-seconds', value: ({ heldUs }) => seconds(heldUs), align: 'right', style: () => 'bold' },
  { title: 'running', value: ({ runningUs }) => seconds(runningUs), align: 'right' },
  { title: 'of', value: ({ name }) => name },
];

/** The costliest jobs, then users and groups; empty if no job had a device. */
export function costsText({ jobs, users, groups, others }: GapCosts, nameOf: (id: string) => string): string {
  const rows: Row[] = [
    ...jobs.slice(0, MOST_JOBS).map((job) => ({ ...job, what: 'job', name: `${shortId(job.jobId)} ${job.name}` })),
    ...sumOfRest(jobs.slice(MOST_JOBS)),
    ...users.map((user) => ({ ...user, what: 'user', name: nameOf(user.userId) })),
    ...groups.map((group) => ({ ...group, what: 'group', name: nameOf(group.groupId) })),
    ...(others.heldUs > 0 ? [{ ...others, what: 'others', name: "other people's jobs" }] : []),
  ];
  return rows.length === 0 ? '' : table(rows, COLUMNS);
}

function sumOfRest(jobs: readonly Cost[]): Row[] {
  if (jobs.length === 0) return [];
  const sum = (of: (job: Cost) => number) => jobs.reduce((total, job) => total + of(job), 0);
  const name = `${jobs.length} more; --json has them`;
  return [{ what: 'jobs', name, heldUs: sum((job) => job.heldUs), runningUs: sum((job) => job.runningUs) }];
}

function seconds(us: number): string {
  return (us / 1e6).toFixed(us < 100e6 ? 2 : 0);
}
