// What was ever stored of this service's aggregates comes to the same state as when it was frozen.
import { goldenHistories } from '@baton/event-store/testing';
import { expect, it } from 'vitest';
import { endpointDecider } from './endpoint.commands.ts';

it.each([...goldenHistories('endpoint', endpointDecider)])(
  '$path comes to the state that was frozen',
  ({ replay, frozen }) => {
    expect(replay()).toEqual(frozen);
  },
);
