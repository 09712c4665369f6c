// The service's aggregates, and what authenticating needs of them in memory.
import type { AggregateName, GroupEvent, TokenEvent, UserEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { Platform } from '@baton/service-host';
import type { Aggregates } from '../app/aggregates.ts';
import { Memberships } from '../app/memberships.ts';
import { Mirror, type MirroredCommit } from '../app/mirror.ts';
import { groupDecider } from '../domain/group.commands.ts';
import { inviteDecider } from '../domain/invite.commands.ts';
import { secretDecider } from '../domain/secret.commands.ts';
import { tokenDecider } from '../domain/token.commands.ts';
import { userDecider } from '../domain/user.commands.ts';
import { follow } from './follow.ts';
import { LogAggregate } from './log-aggregate.ts';

/** Some 300 bytes each. */
const TOKENS_HELD_MAX = 20_000;
const USERS_HELD_MAX = 5_000;

export async function openAggregates(platform: Platform) {
  const memberships = new Memberships();
  const users = new Mirror(userDecider, { load: (id) => aggregates.users.load(id), max: USERS_HELD_MAX });
  const tokens = new Mirror(tokenDecider, { load: (id) => aggregates.tokens.load(id), max: TOKENS_HELD_MAX });
  const aggregates: Aggregates = {
    users: new LogAggregate(platform, 'user', userDecider, { written: (id, next) => users.put(id, next) }),
    tokens: new LogAggregate(platform, 'token', tokenDecider, { written: (id, next) => tokens.put(id, next) }),
    groups: new LogAggregate(platform, 'group', groupDecider, { written: (id, next) => memberships.put(id, next) }),
    invites: new LogAggregate(platform, 'invite', inviteDecider),
    secrets: new LogAggregate(platform, 'secret', secretDecider),
  };
  const onTold = (commit: RecordedCommit) => {
    if (commit.ref.aggregate === 'user') users.follow(told<UserEvent>(commit));
    else if (commit.ref.aggregate === 'token') tokens.follow(told<TokenEvent>(commit));
  };
  // Users and tokens are loaded when they are first asked for; which groups there are must be known from the beginning.
  await Promise.all([
    following(platform, ['user', 'token'], await platform.events.lastPosition(), onTold),
    following(platform, ['group'], 0, (commit) => memberships.follow(told<GroupEvent>(commit))),
  ]);
  return { aggregates, credentials: { users, tokens, memberships } };
}

function following(
  platform: Platform,
  aggregates: readonly AggregateName[],
  after: number,
  onCommit: (commit: RecordedCommit) => void,
) {
  const { events: store, report, signal } = platform;
  return follow({ store, aggregates, after, onCommit, report, signal });
}

function told<Event>({ ref, revision, events }: RecordedCommit): MirroredCommit<Event> {
  return { id: ref.id, revision, events: events as readonly unknown[] as readonly Event[] };
}
