// The platform's own code under random faults: a few seeds at each check, many with `npm run simulate:faults`.
import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';
import { scenarioOf, simulateFaults } from './simulation.ts';

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
/** Those in which jobs share devices. */
const SHARING = [211, 213, 231];
const LONG_MS = 120_000;

describe('the simulation of faults', () => {
  it.each([...SEEDS, ...SHARING])('seed %i ends with every promise kept', { timeout: LONG_MS }, async (seed) => {
    const { violation, commits, attempts } = await simulateFaults(scenarioOf(seed));
    expect(violation).toBeNull();
    expect(commits).toBeGreaterThan(attempts);
  });

  it('gives the same for a seed, event by event', { timeout: LONG_MS }, async () => {
    const [one, other] = [await simulateFaults(scenarioOf(7)), await simulateFaults(scenarioOf(7))];
    expect(one).toEqual(other);
    expect((await simulateFaults(scenarioOf(8))).digest).not.toBe(one.digest);
  });

  it('says what is wrong with its command line', () => {
    expect(() => readOptions(['--seeds', 'many'], 1)).toThrow('--seeds is many, not a whole number from 1 on.');
    expect(() => readOptions(['--break', 'everything'], 1)).toThrow('There is no guard everything to break:');
    expect(() => readOptions(['--faults', 'flood@1/2/3'], 1)).toThrow('"flood@1/2/3" is no fault');
    expect(() => readOptions(['--fast'], 1)).toThrow("Unknown option '--fast'");
  });
});
