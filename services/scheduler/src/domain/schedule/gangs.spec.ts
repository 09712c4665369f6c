// Jobs on several nodes in a pass: all of their nodes or none, no device twice, and nobody starves.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aNode, aSpec } from '../../testing/job-builders.ts';
import { JobQueue } from '../queue.ts';
import { explainWait } from './explain.ts';
import { whyNever } from './fit.ts';
import { schedule } from './schedule.ts';
import { type NodeSnapshot, nodeSnapshot, type PlacedAttempt, type Shape, shapeOf, type Snapshot } from './snapshot.ts';

const one: Shape = shapeOf(aSpec());
const gang = (nodes: number, devices = 1): Shape => ({ ...one, nodes, devices });

interface Queued {
  readonly id: string;
  readonly shape: Shape;
  readonly order: number;
}

function snapshot(jobs: readonly Queued[], nodes: readonly NodeSnapshot[]): Snapshot {
  const queue = new JobQueue();
  for (const { id, shape, order } of jobs) queue.add({ id, order, nextAttempt: 1 }, shape);
  return { buckets: queue.buckets(), nodes };
}
const inOrder = (...shapes: Shape[]): Queued[] =>
  shapes.map((shape, index) => ({ id: `j${index}`, shape, order: index + 1 }));
const holder = (devices: readonly string[], jobId = 'running'): PlacedAttempt => ({
  jobId,
  attempt: 1,
  order: 0,
  shape: { ...one, devices: devices.length },
  devices,
  waiting: null,
});
const node = (id: string, slots: number, attempts: readonly PlacedAttempt[] = []) =>
  nodeSnapshot(
    { id, description: { ...aNode(id, { cpu: slots }).description, address: `${id}.lab` }, refuses: null },
    attempts,
  );

describe('a job on several nodes', () => {
  it('gets them all at once, each with its devices, with their names and addresses', () => {
    const { starts } = schedule(snapshot(inOrder(gang(2, 2)), [node('n', 2), node('m', 3)]));
    expect(starts).toEqual([
      {
        jobId: 'j0',
        nodeId: 'n',
        devices: ['cpu-0', 'cpu-1'],
        ranks: [
          { nodeId: 'n', name: 'n', address: 'n.lab', devices: ['cpu-0', 'cpu-1'] },
          { nodeId: 'm', name: 'm', address: 'm.lab', devices: ['cpu-0', 'cpu-1'] },
        ],
      },
    ]);
  });

  it('gets none while one of them is busy, and what is free is kept for it', () => {
    const busy = node('m', 1, [holder(['cpu-0'])]);
    const pass = snapshot(inOrder(gang(2), one, one), [node('n', 1), busy]);
    const { starts, blocked } = schedule(pass);
    expect(starts).toEqual([]);
    expect([...blocked.values()]).toEqual(['devices-busy', 'behind-in-queue']);
    const wait = explainWait({ id: 'j0', shape: gang(2), order: 1, gate: null }, pass, 0);
    expect(wait.message).toBe('It waits for devices on 2 nodes at once; what comes free meanwhile is kept for it.');
  });

  it('never has two ranks on one node', () => {
    const { starts, blocked } = schedule(snapshot(inOrder(gang(2)), [node('n', 8)]));
    expect(starts).toEqual([]);
    expect([...blocked.values()]).toEqual(['no-node']);
  });

  it.each([
    ['is not heard', 'node-unreachable'],
    ['takes no jobs', 'node-cordoned'],
  ] as const)('keeps nothing from others while one of its nodes %s', (_, refuses) => {
    const nodes = [node('n', 1), { ...node('m', 1), refuses }];
    const { starts, blocked } = schedule(snapshot(inOrder(gang(2), one), nodes));
    expect(starts.map(({ jobId }) => jobId)).toEqual(['j1']);
    expect([...blocked.values()]).toEqual([refuses]);
  });

  it('keeps nothing from others where a device of its second node is out of service', () => {
    const { description } = aNode('m', { cpu: 1 });
    const devices = description.devices.map((device) => ({ ...device, fault: 'fell off the bus' }));
    const sick = nodeSnapshot({ id: 'm', description: { ...description, devices }, refuses: null }, []);
    expect(schedule(snapshot(inOrder(gang(2), one), [node('n', 1), sick])).starts).toMatchObject([{ jobId: 'j1' }]);
  });

  it('is told of at submit if it can never be placed', () => {
    const nodes = [node('n', 1), node('m', 2)];
    expect(whyNever(gang(2, 2), nodes)).toEqual({
      message:
        '1 of 2 nodes could hold a part of this job, 2 asked. n: it has 1 CPU slots, 2 asked. Ask for less, or add a node.',
      issues: [
        { pointer: '/nodes', detail: '1 of 2 nodes could hold a part of this job, 2 asked' },
        { pointer: '/resources', detail: 'node n: it has 1 CPU slots, 2 asked' },
      ],
    });
    expect(whyNever(gang(3), nodes)?.message).toMatch(/^2 of 2 nodes .* 3 asked\. Ask for less/);
    expect(whyNever(gang(2), nodes)).toBe(null);
  });
});

const shapes = fc.record({ nodes: fc.integer({ min: 1, max: 3 }), devices: fc.integer({ min: 1, max: 2 }) });
const clusters = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 });

describe('passes over jobs on one node and on several', () => {
  it('place a job whole or not at all, and give no device twice (property)', () => {
    fc.assert(
      fc.property(fc.array(shapes, { maxLength: 10 }), clusters, (wanted, slots) => {
        const jobs = inOrder(...wanted.map((shape) => ({ ...one, ...shape })));
        const { starts } = schedule(
          snapshot(
            jobs,
            slots.map((count, index) => node(`n${index}`, count)),
          ),
        );
        const given = starts.flatMap(({ ranks, nodeId, devices }) =>
          (ranks ?? [{ nodeId, devices }]).flatMap((rank) => rank.devices.map((device) => `${rank.nodeId}/${device}`)),
        );
        expect(new Set(given).size).toBe(given.length);
        for (const { jobId, ranks, behind } of starts) {
          const shape = jobs.find(({ id }) => id === jobId)?.shape ?? one;
          expect(ranks?.length ?? 1).toBe(shape.nodes);
          if (ranks === undefined) continue;
          expect(behind).toBe(undefined);
          expect(new Set(ranks.map(({ nodeId }) => nodeId)).size).toBe(shape.nodes);
          expect(ranks.every(({ devices }) => devices.length === shape.devices)).toBe(true);
        }
      }),
    );
  });

  it('come to an end with every job that fits at all: nobody waits for ever (property)', () => {
    fc.assert(
      fc.property(
        fc.array(shapes, { maxLength: 10 }),
        clusters,
        fc.infiniteStream(fc.nat(9)),
        (wanted, slots, which) => {
          const nodes = slots.map((count, index) => node(`n${index}`, count));
          const jobs = inOrder(...wanted.map((shape) => ({ ...one, ...shape })));
          const fitting = jobs.filter(({ shape }) => whyNever(shape, nodes) === null);
          const cluster = new Cluster(nodes, jobs);
          for (let rounds = 0; cluster.ended.size < fitting.length; rounds += 1) {
            expect(rounds).toBeLessThan(200);
            cluster.pass();
            cluster.endOne(which.next().value);
          }
          expect(fitting.every(({ id }) => cluster.ended.has(id))).toBe(true);
        },
      ),
    );
  });
});

/** Jobs that end one after the other in any order, on nodes that are scheduled after each end. */
class Cluster {
  readonly ended = new Set<string>();
  #nodes: NodeSnapshot[];
  #queue: readonly Queued[];

  constructor(nodes: readonly NodeSnapshot[], jobs: readonly Queued[]) {
    this.#nodes = [...nodes];
    this.#queue = jobs;
  }

  pass(): void {
    const { starts } = schedule(snapshot(this.#queue, this.#nodes));
    for (const { jobId, nodeId, devices, behind, ranks } of starts) {
      const shape = this.#queue.find(({ id }) => id === jobId)?.shape ?? one;
      const waiting = behind ? { count: behind.count, pool: behind.pool, isRevoking: false } : null;
      const parts = ranks ?? [{ nodeId, devices }];
      for (const part of parts)
        this.#change(part.nodeId, (attempts) => [
          ...attempts,
          { jobId, attempt: 1, order: 0, shape, devices: part.devices, waiting },
        ]);
      this.#queue = this.#queue.filter(({ id }) => id !== jobId);
    }
  }

  endOne(which: number): void {
    const running = [...new Set(this.#nodes.flatMap(({ attempts }) => attempts.filter(({ waiting }) => !waiting)))];
    const jobs = [...new Set(running.map(({ jobId }) => jobId))];
    const over = jobs[which % Math.max(1, jobs.length)];
    if (over === undefined) return;
    this.ended.add(over);
    for (const { id } of this.#nodes)
      this.#change(id, (attempts) => advanced(attempts.filter(({ jobId }) => jobId !== over)));
  }

  #change(id: string, change: (attempts: readonly PlacedAttempt[]) => PlacedAttempt[]): void {
    this.#nodes = this.#nodes.map((known) => (known.id === id ? nodeSnapshot(known, change(known.attempts)) : known));
  }
}

/** As the node does it: those who wait take what is free, in order. */
function advanced(attempts: readonly PlacedAttempt[]): PlacedAttempt[] {
  const taken = new Set(attempts.flatMap(({ devices }) => devices));
  return attempts.map((attempt) => {
    if (!attempt.waiting) return attempt;
    const free = attempt.waiting.pool.filter((device) => !taken.has(device)).slice(0, attempt.waiting.count);
    for (const device of free) taken.add(device);
    if (free.length < attempt.waiting.count) return attempt;
    return { ...attempt, devices: [...attempt.devices, ...free], waiting: null };
  });
}
