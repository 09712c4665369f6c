// A refusal rests on what the leader knows: before it is told, the leader makes certain that no other has taken over from it.
import { hasCode } from '@baton/errors';
import type { Leadership } from './leadership.ts';

/** What says by itself that it may be asked again. */
const PASSING = ['unavailable', 'outcome_unknown', 'storage_full'] as const;

export async function refusedForSure<T>(leadership: Leadership, work: () => Promise<T>): Promise<T> {
  const leader = leadership.leader();
  try {
    return await work();
  } catch (error) {
    if (!PASSING.some((code) => hasCode(error, code))) await leader.confirmed();
    throw error;
  }
}
