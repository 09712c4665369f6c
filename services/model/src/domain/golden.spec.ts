// What was ever stored of this service's aggregates comes to the same state as when it was frozen.
import { goldenHistories } from '@baton/event-store/testing';
import { expect, it } from 'vitest';
import { modelDecider } from './model.commands.ts';

it.each([...goldenHistories('model', modelDecider)])(
  '$path comes to the state that was frozen',
  ({ replay, frozen }) => {
    expect(replay()).toEqual(frozen);
  },
);
