// Who may change a thing, and what the others are told: existence is private.
import { canRead, canWrite, type Owned, type Principal } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { LatestVersion, Present, Thing } from './thing.ts';

/** `label` is what people call it: "dataset", "model". */
export function notFound(label: string): PlatformError {
  return new PlatformError('not_found', `There is no such ${label}, or you may not see it. Check its name or id.`);
}

/** The state of a thing that `principal` may change. Throws `not_found` where it may not even see it, else `forbidden`. */
export function demandWritable<L extends LatestVersion>(
  state: Thing<L>,
  principal: Principal,
  label: string,
): Present<L> {
  if (state.status !== 'present') throw notFound(label);
  refuseUnreadable(state.details, principal, label);
  if (canWrite(principal, state.details)) return state;
  throw new PlatformError('forbidden', `You may read this ${label} but not change it: only its owner and admins may.`);
}

export function refuseUnreadable(thing: Owned, principal: Principal, label: string): void {
  if (!canRead(principal, thing)) throw notFound(label);
}
