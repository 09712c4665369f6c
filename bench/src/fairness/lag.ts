// How far each user's service lies behind the ideal, at worst and at the end.
import type { Outcome } from '@baton/deploy/simulation';
import type { RateChange } from './rate-change.ts';

export function servedShares(outcomes: readonly Outcome[]): readonly RateChange[] {
  return outcomes.flatMap(({ job, firstStartedAt, endedAt }) => {
    const { userId } = job.owner;
    const gpus = job.shape.devices * job.shape.nodes;
    return [
      { at: firstStartedAt, userId, gpus },
      { at: endedAt, userId, gpus: -gpus },
    ];
  });
}

/** In GPU-milliseconds, of the user who at some instant until then lay furthest behind. */
export function largestLag(ideal: readonly RateChange[], served: readonly RateChange[], until: number): number {
  const behind = [...ideal, ...served.map((change) => ({ ...change, gpus: -change.gpus }))];
  return sweep(behind, until).largest;
}

/** What each user got until then, as a part of the ideal. */
export function attained(
  ideal: readonly RateChange[],
  served: readonly RateChange[],
  until: number,
): readonly number[] {
  const wanted = sweep(ideal, until).totals;
  const got = sweep(served, until).totals;
  return [...wanted].map(([userId, gpuMs]) => (got.get(userId) ?? 0) / gpuMs);
}

/** 1 if all have the same, 1/n if one has all. */
export function jainsIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
}

/** Each user's rate, added up over time. */
function sweep(changes: readonly RateChange[], until: number) {
  const users = new Map<string, { rate: number; total: number; since: number }>();
  let largest = 0;
  const advance = (user: { rate: number; total: number; since: number }, at: number): void => {
    user.total += user.rate * (at - user.since);
    user.since = at;
    largest = Math.max(largest, user.total);
  };
  for (const { at, userId, gpus } of changes.toSorted((a, b) => a.at - b.at)) {
    if (at > until) break;
    const user = users.get(userId) ?? { rate: 0, total: 0, since: at };
    users.set(userId, user);
    advance(user, at);
    user.rate += gpus;
  }
  for (const user of users.values()) advance(user, until);
  return { largest, totals: new Map([...users].map(([userId, { total }]) => [userId, total])) };
}
