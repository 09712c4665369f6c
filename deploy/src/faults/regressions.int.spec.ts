// Seeds that once failed: each broke a promise until what is said of it was mended.
import { describe, expect, it } from 'vitest';
import { scenarioOf, simulateFaults } from './simulation.ts';

const LONG_MS = 120_000;

const MENDED: readonly (readonly [number, string])[] = [
  [35, 'a cancellation repeated before the first was durable was acknowledged, and gone with the leader'],
  [10, 'a fact that the leader knew nothing of was acknowledged, and no log had it'],
  [7, 'a leader that another had replaced told an agent that its attempt was not assigned to it'],
  [28, 'a leader that another had replaced told a user that a job was not there'],
  [147, 'a call that had begun under a former leader wrote through the next one'],
  [1814, 'a leader took for its own what another had written while its own was on the way'],
  [1342, 'the exit status of a process that was let go unseen was not looked at after a power cut'],
  [
    106,
    'a leader that was asleep wrote once more after the next one had read the log, which had nothing to write and never knew',
  ],
  [372, 'a retry waited for the time of a clock that had been set back since'],
  [3797, 'two schedulers of one name led at the same time, and one ended by lease what the other had let go on'],
  [1829, 'two schedulers of one name took the lease from each other again and again'],
  [350, 'after a restart an agent told of a start before the end of whoever had the device'],
];

describe('what the simulation has found', () => {
  it.each(MENDED)('seed %i: %s', { timeout: LONG_MS }, async (seed) => {
    expect((await simulateFaults(scenarioOf(seed))).violation).toBeNull();
  });
});
