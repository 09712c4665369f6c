// A simulation can begin in the middle: with jobs that run, stand in line, or come later, and end where nothing more can happen.
import { DEFAULT_POLICY } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { anEngineNode, gpus } from '../../testing/cluster-builders.ts';
import { aWaitingJob } from '../../testing/queue-builders.ts';
import type { RunningAttempt } from '../schedule/engine-model.ts';
import { Engine } from '../schedule/engine.ts';
import type { SimulatedJob } from './simulated-job.ts';
import { simulate, type SimulationOptions } from './simulation.ts';

const NODE = anEngineNode('nod_a', { gpu: 1 });
const START = 1_000_000;

const job = (order: number, durationMs: number, change: Partial<SimulatedJob> = {}): SimulatedJob => ({
  ...aWaitingJob(order, { shape: gpus(1) }),
  durationMs,
  ...change,
});

function placed(order: number, change: Partial<RunningAttempt>): RunningAttempt {
  const waiting = aWaitingJob(order, { shape: gpus(1) });
  const part = { nodeId: 'nod_a', devices: change.waiting ? [] : ['gpu-0'] };
  return {
    job: waiting,
    attempt: 1,
    placedAt: order,
    parts: [part],
    waiting: null,
    since: null,
    graceMs: 0,
    isStopping: false,
    ...change,
  };
}

const times = (jobs: readonly SimulatedJob[], options: Partial<SimulationOptions>) => {
  const engine = new Engine(DEFAULT_POLICY);
  const { outcomes } = simulate(jobs, engine, { nodes: [NODE], restartCostMs: 0, startAt: START, ...options });
  return Object.fromEntries(outcomes.map((each) => [each.job.id, [each.firstStartedAt - START, each.endedAt - START]]));
};

describe('a simulation of what is there', () => {
  it('lets what runs go on, then those in line, then the queue', () => {
    const running = placed(1, { since: START - 400 });
    const inLine = placed(2, { waiting: { count: 1, pool: ['gpu-0'], isRevoking: false } });
    const jobs = [job(3, 50), job(1, 1_000), job(2, 100)];
    expect(times(jobs, { placed: [inLine, running] })).toEqual({
      'job-1': [-400, 600],
      'job-2': [600, 700],
      'job-3': [700, 750],
    });
  });

  it('begins with those in line where their devices are free already', () => {
    const inLine = placed(1, { waiting: { count: 1, pool: ['gpu-0'], isRevoking: false } });
    expect(times([job(1, 100)], { placed: [inLine] })).toEqual({ 'job-1': [0, 100] });
  });

  it('lets a job in when its time comes, however long ago it was submitted', () => {
    expect(times([job(1, 100, { arrivesAt: START + 500 })], {})).toEqual({ 'job-1': [500, 600] });
  });

  it('counts what was served before', () => {
    const present = { order: 7, nextAttempt: 3, servedMs: 400, graceMs: 0, reservation: null };
    expect(times([job(1, 1_000, { present })], {})).toEqual({ 'job-1': [0, 600] });
  });

  it('ends, where it may, when what is left can never start', () => {
    const jobs = [job(1, 100), job(2, 100, { shape: gpus(8) })];
    expect(times(jobs, { mayStick: true })).toEqual({ 'job-1': [0, 100] });
    expect(() => times(jobs, {})).toThrow('1 jobs wait and nothing is left to wait for');
  });
});
