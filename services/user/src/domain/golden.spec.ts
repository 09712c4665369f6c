// What was ever stored of this service's aggregates comes to the same state as when it was frozen.
import { goldenHistories } from '@baton/event-store/testing';
import { expect, it } from 'vitest';
import { groupDecider } from './group.commands.ts';
import { inviteDecider } from './invite.commands.ts';
import { secretDecider } from './secret.commands.ts';
import { tokenDecider } from './token.commands.ts';
import { userDecider } from './user.commands.ts';

it.each([
  ...goldenHistories('group', groupDecider),
  ...goldenHistories('invite', inviteDecider),
  ...goldenHistories('secret', secretDecider),
  ...goldenHistories('token', tokenDecider),
  ...goldenHistories('user', userDecider),
])('$path comes to the state that was frozen', ({ replay, frozen }) => {
  expect(replay()).toEqual(frozen);
});
