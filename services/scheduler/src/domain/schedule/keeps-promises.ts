// Whether a node would keep its promises with one more job on it, or in its line.
import type { Ask } from './ask.ts';
import type { ClusterBooks } from './cluster-books.ts';
import type { NodeProfile } from './node-profile.ts';

/** `profile` is with the job. In a line it must not start later than it was promised either. */
export function keepsPromises(books: ClusterBooks, profile: NodeProfile, ask: Ask, isEarly = false): boolean {
  const { horizon, now } = profile;
  const own = books.promise(ask.jobId)?.reservation.at ?? Infinity;
  if (own >= now && (horizon.starts.get(ask.jobId) ?? now) > own) return false;
  const promises = profile.promises(ask, isEarly);
  const times = [now, ...promises.map(({ from }) => from), ...horizon.loads.map(({ from }) => Math.max(now, from))];
  return times.every((time) => profile.holdsAt(time, promises));
}
