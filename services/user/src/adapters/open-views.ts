// Starts the service's read models.
import type { Platform, Projection, Revised } from '@baton/service-host';
import { groupsProjection } from '../projections/groups.ts';
import { secretsProjection } from '../projections/secrets.ts';
import { tokensProjection } from '../projections/tokens.ts';
import { usersProjection } from '../projections/users.ts';
import { View } from '../projections/view.ts';

export async function openViews(platform: Platform) {
  const caughtUp: Promise<void>[] = [];
  const open = async <D extends Revised>(projection: Projection<D>) => {
    const handle = await platform.project(projection);
    caughtUp.push(handle.caughtUp);
    return new View(projection, handle, platform.events);
  };
  const [users, groups, tokens, secrets] = await Promise.all([
    open(usersProjection),
    open(groupsProjection),
    open(tokensProjection),
    open(secretsProjection),
  ]);
  return { views: { users, groups, tokens, secrets }, caughtUp: Promise.all(caughtUp) };
}
