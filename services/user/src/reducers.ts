// What folds the events of each of the service's aggregates, for whoever verifies the log.
import { groupDecider } from './domain/group.commands.ts';
import { inviteDecider } from './domain/invite.commands.ts';
import { secretDecider } from './domain/secret.commands.ts';
import { tokenDecider } from './domain/token.commands.ts';
import { userDecider } from './domain/user.commands.ts';

export const reducers = {
  group: groupDecider,
  invite: inviteDecider,
  secret: secretDecider,
  token: tokenDecider,
  user: userDecider,
};
