// No device was ever given to two jobs at a time: by the jobs' own clocks, which are one clock here.
import type { JobEvidence } from './job-check.ts';

interface Stay {
  readonly device: string;
  readonly who: string;
  readonly from: number;
  readonly to: number;
}

/** What contradicts. */
export function checkDevices(jobs: readonly JobEvidence[]): string[] {
  const stays = jobs.flatMap(staysOf).toSorted((a, b) => a.from - b.from);
  const newest = new Map<string, Stay>();
  return stays.flatMap((stay) => {
    const before = newest.get(stay.device);
    if (!before || stay.to > before.to) newest.set(stay.device, stay);
    if (!before || stay.from >= before.to) return [];
    return [`${stay.device} was with ${before.who} until ${before.to} and with ${stay.who} from ${stay.from} on`];
  });
}

function staysOf({ view, witness, submitted }: JobEvidence): Stay[] {
  return witness.runs.flatMap((run) => {
    const attempt = view.attempts.find((one) => one.attempt === run.attempt);
    return (attempt?.devices ?? []).map((device) => ({
      device: `${attempt?.nodeName} ${device}`,
      who: `${submitted.name}.${run.attempt}`,
      from: run.beganAt,
      to: run.lastAt,
    }));
  });
}
