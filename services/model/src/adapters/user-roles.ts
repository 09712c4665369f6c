// A user's role, read from the log of users.
import type { Principal, UserEvent } from '@baton/contracts';
import type { EventStore } from '@baton/event-store';

/** `user` for whoever is unknown, disabled or erased: no more than their own things. */
export function userRoles(events: Pick<EventStore, 'readAggregate'>): (userId: string) => Promise<Principal['role']> {
  return async (userId) => {
    const commits = await events.readAggregate({ aggregate: 'user', id: userId });
    const history = commits.flatMap((commit) => commit.events as unknown as UserEvent[]);
    if (history.some(({ type }) => type === 'UserDisabled' || type === 'UserErased')) return 'user';
    const registered = history.find((event) => event.type === 'UserRegistered');
    return registered?.data.role ?? 'user';
  };
}
