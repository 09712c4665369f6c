// Lays claims to a device's time over each other: at every instant the one of the highest rank holds.
import { TWENTIETHS_OF_DEVICE } from '@baton/contracts';
import { append, type Interval, type Lanes, type Microseconds, type TimeWindow, type Use } from './interval.ts';

/** From what is surest to what is left when nothing else is known. */
export const RANK = {
  process: 0,
  takeAwaited: 1,
  deviceLost: 2,
  preparing: 3,
  cordoned: 4,
  unreachable: 5,
  /** Assigned, and not taken up by the agent yet: if the node is not heard, that is why nothing happens. */
  assigned: 6,
  platformDown: 7,
  /** Kept for an attempt that still waits for other devices. */
  reserved: 8,
  idle: 9,
} as const;

export interface Claim {
  readonly from: Microseconds;
  /** Infinity if it has no end yet. */
  readonly to: Microseconds;
  readonly rank: number;
  readonly use: Use;
  /** So much of the device; absent: all of it. */
  readonly twentieths?: number;
}

const UNKNOWN: Use = { category: 'idle-empty', of: null, reason: null };

/**
 * The window, cut at every boundary of a claim. Boundaries are shared by the intervals on both sides and sorted, so the
 * lengths sum to the window's, whatever the claims say; of two claims of one rank, the earlier keeps what it has until its end.
 * Claims to parts have their parts beside each other; what they leave is the first's that claims all.
 */
export function layered(claims: readonly Claim[], window: TimeWindow, finalUntil: Microseconds): Interval[] {
  const inWindow = claims
    .map((claim) => ({ ...claim, start: Math.max(claim.from, window.from), end: Math.min(claim.to, window.to) }))
    .filter((claim) => claim.start < claim.end)
    .toSorted((one, other) => one.rank - other.rank || one.from - other.from || byJob(one.use, other.use));
  const starts = inWindow.toSorted((one, other) => one.start - other.start);
  const boundaries = [...new Set([window.from, window.to, ...inWindow.flatMap(({ start, end }) => [start, end])])];
  boundaries.sort((one, other) => one - other);
  const precedence = new Map(inWindow.map((claim, index) => [claim, index]));
  const placeOf = (claim: (typeof inWindow)[number]) => precedence.get(claim) ?? 0;
  const intervals: Interval[] = [];
  let active: typeof inWindow = [];
  let next = 0;
  for (const [index, from] of boundaries.entries()) {
    const to = boundaries[index + 1];
    if (to === undefined) break;
    active = active.filter((claim) => claim.end > from);
    for (let claim = starts[next]; claim && claim.start <= from; claim = starts[(next += 1)]) active.push(claim);
    const isShared = active.some(({ twentieths }) => twentieths !== undefined);
    const inOrder = isShared ? active.toSorted((one, other) => placeOf(one) - placeOf(other)) : first(active, placeOf);
    for (const share of dealt(inOrder)) append(intervals, { ...share, from, to, final: true });
  }
  return intervals.map((interval) => ({ ...interval, final: interval.to <= finalUntil }));
}

/** The one that holds where none asks for a part only. */
function first<T>(claims: readonly T[], placeOf: (claim: T) => number): T[] {
  let found: T | null = null;
  for (const claim of claims) if (found === null || placeOf(claim) < placeOf(found)) found = claim;
  return found === null ? [] : [found];
}

/** All lanes of the device, each to the first that is not served yet. */
function dealt(claims: readonly Claim[]): (Use & { readonly lanes?: Lanes })[] {
  const shares: (Use & { readonly lanes?: Lanes })[] = [];
  let given = 0;
  for (const { use, twentieths = TWENTIETHS_OF_DEVICE } of [...claims, { use: UNKNOWN }]) {
    const end = Math.min(given + twentieths, TWENTIETHS_OF_DEVICE);
    if (end === given) break;
    const isAll = end - given === TWENTIETHS_OF_DEVICE;
    shares.push(isAll ? use : { ...use, lanes: { first: given, end } });
    given = end;
  }
  return shares;
}

function byJob({ of: one }: Use, { of: other }: Use): number {
  const [a, b] = [one?.jobId ?? '', other?.jobId ?? ''];
  return a < b ? -1 : Number(a > b);
}
