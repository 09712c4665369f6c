// The ledger: the queue and the devices follow from the events alone, in whatever order jobs come and go.
import type { AttemptResult, JobEvent } from '@baton/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aDescription, aSpec } from '../testing/job-builders.ts';
import { aResult } from '../testing/usage-events.ts';
import { type JobCommand, jobDecider } from './job.commands.ts';
import { isPlaced, partsOf } from './job.ts';
import { JobLedger, type KnownNode } from './ledger.ts';
import type { SavedLedger } from './saved-ledger.ts';

const node: KnownNode = {
  id: 'nod_a',
  heard: true,
  state: {
    phase: 'known',
    description: aDescription('a', { cpu: 2, gpu: 2 }),
    reachable: true,
    cordoned: null,
    admission: null,
  },
};
const second: KnownNode = {
  id: 'nod_b',
  heard: true,
  state: { ...node.state, description: aDescription('b', { cpu: 1, gpu: 2 }) },
};
const NODES = [node, second];
const result = (change: Partial<AttemptResult>) => aResult({ endedAt: 0, ...change });
const endings = [
  result({}),
  result({ exitCode: 1 }),
  result({ reason: 'lost', exitCode: null }),
  result({ reason: 'cancelled', exitCode: null }),
  result({ startedAt: 1_000, endedAt: 8_000 }),
];

interface Logged {
  readonly id: string;
  readonly events: readonly JobEvent[];
  readonly position: number;
}

interface Step {
  readonly job: number;
  readonly step: number;
  readonly gpus: number;
  readonly nodes: number;
  readonly ending: number;
}

const owned = { ownerId: 'u', groupId: null, visibility: 'private' } as const;

/** Decider and ledger, driven by steps, with the log of what came of it. */
class Play {
  readonly ledger = new JobLedger();
  readonly log: Logged[] = [];
  now = 0;

  run({ job, step, gpus, nodes, ending }: Step): void {
    this.now += 400;
    const id = `job_${job}`;
    if (step === 0) this.#submit(id, gpus, nodes);
    else if (step === 1) this.#schedule();
    else this.#disturb(id, step, ending);
  }

  #write(id: string, command: JobCommand): void {
    const events = jobDecider.decide(command, this.ledger.active(id)?.state ?? { phase: 'none' });
    if (events.length === 0) return;
    this.log.push({ id, events, position: this.log.length + 1 });
    this.ledger.apply(id, events, { position: this.log.length, revision: 1, hash: '', at: 0 });
  }

  #submit(id: string, gpus: number, nodes: number): void {
    if (this.ledger.has(id)) return;
    const spec = aSpec({ resources: { gpus, cpus: 0, memoryBytes: 0 }, retries: 1, nodes });
    this.#write(id, { type: 'Submit', spec, owned, rerunOf: null });
  }

  #schedule(): void {
    this.ledger.release(this.now);
    this.ledger.setNodes(NODES);
    const { starts } = this.ledger.engine.plan(this.now);
    for (const start of starts) this.#write(start.jobId, { type: 'Assign', ...start });
  }

  #disturb(id: string, step: number, ending: number): void {
    const state = this.ledger.active(id)?.state;
    if (!state) return;
    if (step === 3) this.#write(id, { type: 'Cancel', by: 'u', reason: '' });
    else if (isPlaced(state)) {
      const ended = endings[ending] ?? result({});
      const parts = partsOf(state);
      const rank = parts[ending % parts.length]?.rank;
      const part = { attempt: state.attempt.number, ...(rank === undefined ? {} : { rank }) };
      this.#write(id, { type: 'RecordEnded', ...part, result: ended, now: this.now });
    }
  }
}

function play(steps: readonly Step[]): Play {
  const made = new Play();
  for (const step of steps) made.run(step);
  return made;
}

const stepsOf = fc.array(
  fc.record({
    job: fc.nat(5),
    step: fc.constantFrom(0, 1, 1, 2, 3),
    gpus: fc.nat(2),
    nodes: fc.integer({ min: 1, max: 2 }),
    ending: fc.nat(endings.length - 1),
  }),
  { maxLength: 60 },
);
const learned = ({ engine, forecasts }: JobLedger) => ({
  forecasts: forecasts.save(),
  estimates: new Map([...engine.waiting()].map(({ id, estimateMs }) => [id, estimateMs])),
});
const picture = (ledger: JobLedger, now: number) => {
  ledger.release(now);
  ledger.setNodes(NODES);
  const { engine } = ledger;
  const queued = [...engine.waiting()].map(({ id, order, shape }) => ({ id, order, shape }));
  const owner = { userId: 'u', groupId: null };
  return {
    queued: queued.toSorted((a, b) => a.order - b.order),
    held: NODES.map(({ id }) => [...engine.cluster.held(id).keys()].toSorted()),
    usage: engine.usage.usageOf(owner, now),
    plan: engine.plan(now).starts,
    ...learned(ledger),
  };
};

describe('JobLedger', () => {
  it('rebuilt from the log alone is the same (property)', () => {
    fc.assert(
      fc.property(stepsOf, (steps) => {
        const { ledger, log, now } = play(steps);
        const rebuilt = new JobLedger();
        for (const { id, events, position } of log)
          rebuilt.apply(id, events, { position, revision: 1, hash: '', at: 0 });
        expect(picture(rebuilt, now)).toEqual(picture(ledger, now));
      }),
    );
  });

  it('rebuilt from what was saved at any time, and what came since, is the same (property)', () => {
    fc.assert(
      fc.property(stepsOf, fc.nat(60), (steps, cut) => {
        const { ledger, log, now } = play(steps);
        const apply = (to: JobLedger, { id, events, position }: Logged) =>
          to.apply(id, events, { position, revision: 1, hash: '', at: 0 });
        const first = new JobLedger();
        first.load();
        for (const one of log.slice(0, cut)) apply(first, one);
        const second = new JobLedger(JSON.parse(JSON.stringify(first.save())) as SavedLedger);
        second.load();
        for (const one of log.slice(cut)) apply(second, one);
        const whole = new JobLedger();
        whole.load();
        for (const one of log) apply(whole, one);
        expect(second.save()).toEqual(whole.save());
        for (const one of [second, whole]) one.loaded();
        expect(picture(second, now)).toEqual(picture(whole, now));
        for (const { id } of log) expect(second.revisionOf(id)).toEqual(ledger.revisionOf(id));
      }),
    );
  });

  it('has learned the same of run times where the whole log was read at once (property)', () => {
    fc.assert(
      fc.property(stepsOf, (steps) => {
        const { ledger, log } = play(steps);
        const rebuilt = new JobLedger();
        rebuilt.load();
        for (const { id, events, position } of log)
          rebuilt.apply(id, events, { position, revision: 1, hash: '', at: 0 });
        rebuilt.loaded();
        for (const one of [ledger, rebuilt]) one.release(1e15);
        expect(learned(rebuilt)).toEqual(learned(ledger));
      }),
    );
  });

  it('never has a device with two jobs, nor a job both queued and placed (property)', () => {
    fc.assert(
      fc.property(stepsOf, (steps) => {
        const { ledger } = play(steps);
        const queued = [...ledger.engine.waiting()].map((job) => job.id);
        for (const { id } of NODES) {
          const placed = ledger.placedOn(id);
          const devices = placed.flatMap(({ part }) => part.devices);
          expect(new Set(devices).size).toBe(devices.length);
          expect(queued.filter((job) => placed.some((record) => record.id === job))).toEqual([]);
        }
      }),
    );
  });

  it('has a job on all of its nodes or on none, as long as no rank of it has ended (property)', () => {
    fc.assert(
      fc.property(stepsOf, (steps) => {
        const { ledger, log } = play(steps);
        for (const id of new Set(log.map((one) => one.id))) {
          const state = ledger.active(id)?.state;
          const on = NODES.filter((one) => ledger.placedOn(one.id).some((record) => record.id === id)).length;
          const ended =
            state && isPlaced(state)
              ? (state.attempt.gang?.ranks.filter((rank) => rank.result !== null).length ?? 0)
              : 0;
          expect(on + ended).toBe(state && isPlaced(state) ? state.spec.nodes : 0);
        }
      }),
    );
  });

  it('keeps a retried job at its old place in the queue', () => {
    const submit = jobDecider.decide(
      {
        type: 'Submit',
        spec: aSpec({ retries: 1 }),
        owned: { ownerId: 'u', groupId: null, visibility: 'private' },
        rerunOf: null,
      },
      { phase: 'none' },
    );
    const ledger = new JobLedger();
    ledger.apply('first', submit, { position: 1, revision: 1, hash: '', at: 0 });
    ledger.apply('second', submit, { position: 2, revision: 1, hash: '', at: 0 });
    const assign = jobDecider.decide(
      { type: 'Assign', nodeId: node.id, devices: ['cpu-0'] },
      ledger.active('first')?.state ?? { phase: 'none' },
    );
    ledger.apply('first', assign, { position: 3, revision: 2, hash: '', at: 0 });
    const ended = jobDecider.decide(
      { type: 'RecordEnded', attempt: 1, result: result({ exitCode: 1 }), now: 0 },
      ledger.active('first')?.state ?? { phase: 'none' },
    );
    ledger.apply('first', ended, { position: 4, revision: 3, hash: '', at: 0 });
    expect(ledger.release(500)).toBe(1_000);
    expect(ledger.release(1_000)).toBe(null);
    const { engine } = ledger;
    expect(['first', 'second'].map((id) => engine.queueIndex.position(id, engine.orderView(1_000)))).toEqual([1, 2]);
  });
});
