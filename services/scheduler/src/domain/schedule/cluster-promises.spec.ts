// The theorem: who was promised a start gets it, whatever else arrives and however early others end.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anEngineNode, gpus } from '../../testing/cluster-builders.ts';
import type { EngineNode } from './engine-model.ts';
import { type TinyJob, TinyScheduler } from '../../testing/tiny-scheduler.ts';

const GIB = 2 ** 30;

const drawnJobs = (parts: readonly (number | null)[]) =>
  fc.array(
    fc.record({
      twentieths: fc.constantFrom(...parts),
      gap: fc.integer({ min: 0, max: 12 }),
      devices: fc.constantFrom(1, 1, 1, 2, 2, 3, 4),
      nodes: fc.constantFrom(1, 1, 1, 1, 2, 3),
      cpus: fc.constantFrom(0, 0, 1, 2, 4),
      memoryGib: fc.constantFrom(0, 0, 4, 8),
      exclusive: fc.constantFrom(false, false, false, false, true),
      gpuModel: fc.constantFrom(null, null, null, 'big'),
      limitMs: fc.integer({ min: 1, max: 80 }),
      graceMs: fc.constantFrom(0, 0, 5),
      used: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { minLength: 20, maxLength: 100 },
  );
const jobs = drawnJobs([null]);
/** Most ask for a part of a device. */
const sharingJobs = drawnJobs([null, null, 2, 5, 7, 10, 10, 15]);

type DrawnJob = typeof jobs extends fc.Arbitrary<(infer Job)[]> ? Job : never;

function shapeOf({
  devices,
  nodes: count,
  cpus,
  memoryGib,
  exclusive,
  gpuModel,
  twentieths,
}: Pick<DrawnJob, 'devices' | 'nodes' | 'cpus' | 'memoryGib' | 'exclusive' | 'gpuModel' | 'twentieths'>) {
  const needs = { cpus, memoryBytes: memoryGib * GIB, gpuModel };
  return twentieths === null ? gpus(devices, { ...needs, nodes: count, exclusive }) : gpus(1, { ...needs, twentieths });
}

function history(drawn: readonly DrawnJob[]): TinyJob[] {
  let at = 0;
  return drawn.map(({ gap, limitMs, graceMs, used, ...drawnShape }, index) => {
    at += gap;
    const shape = shapeOf(drawnShape);
    const jobId = `job_${String(index).padStart(4, '0')}`;
    const owner = { userId: 'usr_a', groupId: null };
    const ask = { jobId, shape, limitMs, graceMs, owner, priority: 0 };
    return { ask, arrivesAt: at, runsMs: Math.max(1, Math.floor(used * (limitMs + graceMs))) };
  });
}

const nodes = [
  anEngineNode('nod_a', { gpu: 4 }),
  anEngineNode('nod_b', { gpu: 4 }),
  anEngineNode('nod_c', { gpu: 4 }, { cpus: 4 }),
  anEngineNode('nod_d', { gpu: 2 }),
];

/** All devices of a node are alike. */
const alike = nodes.map((node) => withModel(node, () => 'big'));
/** On all but one jobs share devices. */
const sharing = alike.map((node) => (node.id === 'nod_b' ? node : { ...node, jobsPerDevice: 4 }));
/** Some nodes have devices of two models. */
const mixed = nodes.map((node) => withModel(node, (index) => (index % 2 === 0 ? 'big' : 'small')));

function withModel(node: EngineNode, modelOf: (index: number) => string): EngineNode {
  const devices = node.description.devices.map((device) => ({ ...device, model: modelOf(device.index) }));
  return { ...node, description: { ...node.description, devices } };
}

function expectNothingTwice(scheduler: TinyScheduler): void {
  const given = [...scheduler.placed.values()].flatMap(({ parts, job }) =>
    parts.flatMap(({ nodeId, devices }) =>
      devices.map((device) => ({ device: `${nodeId}/${device}`, twentieths: job.shape.twentieths ?? 20 })),
    ),
  );
  const sums = Map.groupBy(given, ({ device }) => device).values();
  const twice = [...sums].filter((all) => all.reduce((sum, one) => sum + one.twentieths, 0) > 20);
  expect(twice).toEqual([]);
}

function expectNoOvercommit(scheduler: TinyScheduler): void {
  const running = [...scheduler.placed.values()].filter(({ waiting }) => !waiting);
  const used = nodes.map(({ id, description }) => {
    const shapes = running.filter(({ parts }) => parts.some(({ nodeId }) => nodeId === id)).map(({ job }) => job.shape);
    const sum = (what: 'cpus' | 'memoryBytes') => shapes.reduce((total, shape) => total + shape[what], 0);
    return { cpus: sum('cpus') <= description.cpus, memory: sum('memoryBytes') <= description.memoryBytes };
  });
  expect(used).toEqual(nodes.map(() => ({ cpus: true, memory: true })));
}

function expectKept({ cluster, now, queue, promisedAt, startedAt }: TinyScheduler): void {
  const late = [...promisedAt].filter(([id, at]) => (startedAt.get(id) ?? 0) > at);
  expect(late).toEqual([]);
  const promised = queue.flatMap(({ ask }) => ({ ask, at: promisedAt.get(ask.jobId) ?? Infinity }));
  const broken = promised.filter(({ ask, at }) => at < Infinity && !(at > now && cluster.keeps(ask.jobId, now)));
  expect(broken).toEqual([]);
  const later = promised.filter(({ ask, at }) => (cluster.earliest(ask, now)?.at ?? Infinity) > at);
  expect(later).toEqual([]);
}

describe('a promised start', () => {
  it.each([
    { promises: 1, usesLines: false, on: alike, models: 'one' },
    { promises: 4, usesLines: false, on: alike, models: 'one' },
    { promises: 1, usesLines: true, on: alike, models: 'one' },
    { promises: 4, usesLines: true, on: alike, models: 'one' },
    { promises: 4, usesLines: false, on: mixed, models: 'two' },
    { promises: 4, usesLines: true, on: mixed, models: 'two' },
    { promises: 1, usesLines: true, on: sharing, models: 'one, shared' },
    { promises: 4, usesLines: true, on: sharing, models: 'one, shared' },
    { promises: 4, usesLines: false, on: mixed.map((node) => ({ ...node, jobsPerDevice: 4 })), models: 'two, shared' },
  ])(
    'never moves later: $promises promises, lines: $usesLines, models in a node: $models (property)',
    { timeout: 30_000 },
    (options) => {
      const { promises, usesLines, on } = options;
      fc.assert(
        fc.property(options.models.endsWith('shared') ? sharingJobs : jobs, (drawn) => {
          const check = (scheduler: TinyScheduler) => {
            expectNothingTwice(scheduler);
            expectNoOvercommit(scheduler);
            expectKept(scheduler);
          };
          const scheduler = new TinyScheduler(on, { promises, usesLines, check });
          // What no node could ever hold is not asked.
          const all = history(drawn).filter(({ ask }) => scheduler.cluster.whyNever(ask.shape) === null);
          scheduler.run(all);
          expect(scheduler.startedAt.size).toBe(all.length);
        }),
        { numRuns: 40 },
      );
    },
  );
});
