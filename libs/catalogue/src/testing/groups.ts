// One group, and a stand-in for the user service that knows it.
import { type Principal, userRpc } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { Bus } from '@baton/messaging';

export const VISION = { id: `grp_${'g'.repeat(26)}`, name: 'vision' };

/** Answers as the user service does: by id or name, to members and admins; `not_found` to all others. */
export function answerVision(user: Bus): void {
  user.handle(userRpc.resolveGroup, async ({ principal, body: { ref } }) => {
    if (![VISION.id, VISION.name].includes(ref) || !isInside(principal))
      throw new PlatformError('not_found', `There is no group "${ref}", or you are not in it.`);
    return { groupId: VISION.id, groupName: VISION.name };
  });
}

function isInside(principal: Principal): boolean {
  return principal.role === 'admin' || principal.groups.includes(VISION.id);
}
