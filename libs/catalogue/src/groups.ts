// Groups that things are shared with: by name or id, as the user service knows them.
import { userRpc } from '@baton/contracts';
import type { Bus, CallContext } from '@baton/messaging';

/** The id of a group that the caller may give something to: one of their own, for admins any. Throws `not_found` for all others. */
export type GroupFinder = (call: CallContext, ref: string) => Promise<string>;

export function groupFinder(bus: Pick<Bus, 'call'>): GroupFinder {
  return async ({ principal, meta }, ref) => {
    // The caller's identity and request, without what belongs to the command alone.
    const read = { principal, meta: { requestId: meta.requestId } };
    return (await bus.call(userRpc.resolveGroup, read, { ref })).groupId;
  };
}
