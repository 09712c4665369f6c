// Ranges that are stated hold about as often as they say, whatever the load, and none is stated before enough was learned.
import { DEFAULT_POLICY } from '@baton/contracts';
import { expect, it } from 'vitest';
import { aDescription, aSpec } from '../../testing/job-builders.ts';
import { forecastReplay, type TrueJob } from './forecast-replay.ts';
import { random } from './random.ts';

const MINUTE = 60_000;
const SLOTS = 2;
const BURSTS = 0.3;
const LOAD = 0.9;
/** Near enough. */
const MEAN_MS = 11.7 * MINUTE;
const POLICY = { ...DEFAULT_POLICY, handOff: { ...DEFAULT_POLICY.handOff, enabled: false } };
const NODES = [
  {
    id: 'nod_a',
    heard: true,
    state: {
      phase: 'known',
      description: aDescription('a', { cpu: SLOTS }),
      reachable: true,
      cordoned: null,
      admission: null,
    },
  },
] as const;

/** Of five users with three programs each, in bursts; run times differ by up to twice either way. */
function aLoad(jobs: number, seed: number): TrueJob[] {
  const draw = random(seed);
  const usual = Array.from({ length: 15 }, () => 5 * MINUTE * 4 ** draw());
  let at = 0;
  return Array.from({ length: jobs }, (_, index) => {
    const program = Math.floor(15 * draw());
    if (draw() < BURSTS) at += (-Math.log(1 - draw()) * MEAN_MS) / SLOTS / BURSTS / LOAD;
    const durationMs = Math.ceil((usual[program] ?? 0) * 2 ** (2 * draw() - 1));
    const spec = aSpec({ name: `program-${program % 3}` });
    return { id: `job-${index}`, userId: `usr_${program % 5}`, spec, submittedAt: Math.floor(at), durationMs };
  });
}

it('hold on a busy cluster', { timeout: 120_000 }, () => {
  const options = { nodes: NODES, policy: POLICY, everyMs: 15 * MINUTE, mostQueued: 10 };
  const { runTime, start, end } = forecastReplay(aLoad(150, 5), options);
  for (const { jobs, ranges, coverage } of [runTime, start, end]) {
    expect(jobs - ranges).toBeGreaterThanOrEqual(20);
    expect(ranges).toBeGreaterThan(60);
    expect(coverage).toBeGreaterThan(0.65);
    expect(coverage).toBeLessThan(0.9);
  }
});
