// Starts the service's read models.
import type { Platform, Projection, Revised } from '@baton/service-host';
import { groupsProjection } from '../projections/groups.ts';
import { secretsProjection } from '../projections/secrets.ts';
import { tokensProjection } from '../projections/tokens.ts';
import { usersProjection } from '../projections/users.ts';
import { View } from '../projections/view.ts';

export async function openViews(platform: Platform) {
  const open = async <D extends Revised>(projection: Projection<D>) =>
    new View(projection, await platform.project(projection), platform.events);
  const [users, groups, tokens, secrets] = await Promise.all([
    open(usersProjection),
    open(groupsProjection),
    open(tokensProjection),
    open(secretsProjection),
  ]);
  return { users, groups, tokens, secrets };
}
