// The invariants of a job: one that went well passes, and each thing that must not be is found.
import type { JobEventView, JobView } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { checkDevices } from './device-check.ts';
import { checkJob, type JobEvidence } from './job-check.ts';
import { type Note, witnessOf } from './witness.ts';

const DATA = 'the data';

function begin(attempt: number, at: number, number = 0): Note {
  return { what: 'begin', attempt, at, number, data: DATA };
}
function steps(attempt: number, from: number, to: number): Note[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const number = from + index;
    return { what: 'step', attempt, at: attempt * 1_000 + number, number };
  });
}
const end = (attempt: number): Note => ({ what: 'end', attempt, at: attempt * 1_000 + 999 });

/** Of three steps: the second attempt went on where the first was lost. */
const NOTES = [begin(1, 1_000), ...steps(1, 1, 2), begin(2, 2_000, 2), ...steps(2, 3, 3), end(2)];

interface Changes {
  readonly notes?: readonly Note[];
  readonly state?: JobView['state'];
  readonly output?: ReadonlyMap<number, string>;
  readonly counts?: ReadonlyMap<number, number[]>;
  readonly events?: readonly string[];
  readonly submitted?: Partial<JobEvidence['submitted']>;
  readonly losses?: number;
  readonly powerCuts?: JobEvidence['powerCuts'];
  /** The attempt that the platform gave up. */
  readonly givenUp?: number;
}

function evidence({
  notes = NOTES,
  state = 'succeeded',
  output,
  counts,
  events = [],
  submitted,
  losses = 0,
  powerCuts = [],
  givenUp,
}: Changes = {}): JobEvidence {
  const attempts = [1, 2].map((attempt) => {
    const result = attempt === givenUp ? { fence: { logs: 1, metrics: 1 } } : {};
    return { attempt, nodeName: 'vm', devices: ['cpu-0'], result };
  });
  return {
    submitted: {
      id: 'job_a',
      name: 'count-1',
      steps: 3,
      isLeased: false,
      cancelled: false,
      holds: 0,
      releases: 0,
      ...submitted,
    },
    view: { state, message: '', attempts, counters: { infrastructureLosses: losses } } as unknown as JobView,
    events: [{ events: events.map((type) => ({ type, data: { attempt: 2 } })) }] as unknown as JobEventView[],
    witness: witnessOf(notes),
    output:
      output ??
      new Map([
        [1, 'step=1 count=1\nstep=2 count=2\n'],
        [2, 'step=3 count=3\n'],
      ]),
    counts:
      counts ??
      new Map([
        [1, [1, 2]],
        [2, [3]],
      ]),
    data: DATA,
    powerCuts,
  };
}

const found = (changes: Changes) => checkJob(evidence(changes)).map(({ which, count = 1 }) => [which, count]);

describe('a job', () => {
  it('that went on after a loss has nothing wrong with it, nor has one whose last line was not noted any more', () => {
    expect(checkJob(evidence())).toEqual([]);
    const output = new Map([
      [1, 'step=1 count=1\nstep=2 count=2\nstep=3 count=3\n'],
      [2, 'step=3 count=3\n'],
    ]);
    expect(
      found({
        output,
        counts: new Map([
          [1, [1, 2, 3]],
          [2, [3]],
        ]),
      }),
    ).toEqual([]);
  });

  it.each(['queued', 'running', 'stopping', 'failed', 'cancelled'] as const)(
    'that is %s in the end is lost',
    (state) => {
      expect(found({ state })).toEqual([['lost', 1]]);
    },
  );

  it('that the platform lost more than five times has failed as promised', () => {
    expect(found({ state: 'failed', losses: 6 })).toEqual([]);
    expect(found({ state: 'failed', losses: 5 })).toEqual([['lost', 1]]);
  });

  it('that was cancelled by its user is not lost, if the log has that', () => {
    expect(found({ state: 'cancelled', submitted: { cancelled: true }, events: ['CancelRequested'] })).toEqual([]);
    expect(found({ state: 'cancelled', submitted: { cancelled: true } })).toEqual([['commandsLost', 1]]);
  });

  it('that succeeded without all its steps is lost', () => {
    expect(found({ submitted: { steps: 4 } })).toEqual([['lost', 1]]);
  });

  it('that found itself at work, ran an attempt twice or one that the log does not know, or ended twice, is doubled', () => {
    expect(found({ notes: [...NOTES, { what: 'twice', attempt: 2, at: 3_000 }] })).toEqual([['doubled', 1]]);
    expect(found({ notes: [begin(2, 0, 2), ...NOTES.slice(3)] })).toContainEqual(['doubled', 1]);
    expect(found({ notes: [...NOTES.slice(0, 3), begin(3, 3_000, 2), ...steps(3, 3, 3), end(3)] })).toContainEqual([
      'doubled',
      1,
    ]);
    expect(found({ events: ['AttemptEnded', 'AttemptEnded'] })).toEqual([['doubled', 1]]);
  });

  it('whose checkpoint went back has lost one', () => {
    const notes = [begin(1, 1_000), ...steps(1, 1, 2), begin(2, 2_000, 0), ...steps(2, 1, 3), end(2)];
    const output = new Map([
      [1, 'step=1 count=1\nstep=2 count=2\n'],
      [2, 'step=1 count=1\nstep=2 count=2\nstep=3 count=3\n'],
    ]);
    expect(
      found({
        notes,
        output,
        counts: new Map([
          [1, [1, 2]],
          [2, [1, 2, 3]],
        ]),
      }),
    ).toEqual([['checkpointsLost', 1]]);
  });

  it('may go on where an earlier attempt had got to on this server, and no further', () => {
    const powerCuts = [{ servers: ['first'] as const, from: 1_500, to: 1_600 }];
    const again = [begin(3, 3_000, 2), ...steps(3, 3, 3), end(3)];
    const notes = [begin(1, 1_000), ...steps(1, 1, 2), begin(2, 2_000, 0), ...steps(2, 1, 1), ...again];
    const about = (type: string) => checkJob(evidence({ notes, powerCuts })).filter(({ which }) => which === type);
    expect(about('checkpointsLost')).toEqual([]);
    expect(about('doubled').filter(({ words }) => words.includes('began at'))).toEqual([]);
    const further = [begin(1, 1_000), ...steps(1, 1, 2), begin(2, 2_000, 3)];
    expect(found({ notes: further })).toContainEqual(['doubled', 1]);
  });

  it('whose server lost its power may lack the end of what it wrote then, and nothing before it', () => {
    const powerCuts = [{ servers: ['first'] as const, from: 1_500, to: 1_600 }];
    const output = new Map([
      [1, 'step=1 coun'],
      [2, 'step=3 count=3\n'],
    ]);
    const counts = new Map([
      [1, []],
      [2, [3]],
    ]);
    expect(found({ output, counts, powerCuts })).toEqual([]);
    expect(found({ output, counts, powerCuts: [{ servers: ['second'], from: 1_500, to: 1_600 }] })).not.toEqual([]);
    expect(found({ output, counts, powerCuts: [{ servers: ['first'], from: 500, to: 600 }] })).not.toEqual([]);
    const hole = new Map([
      [1, 'step=2 count=2\nstep=3 count=3\n'],
      [2, 'step=3 count=3\n'],
    ]);
    expect(found({ output: hole, powerCuts })).toContainEqual(['logLinesLost', 1]);
  });

  it('that was given up may lack the end of what it wrote, and nothing before it', () => {
    const second = 'step=3 count=3\n';
    const output = (first: string) =>
      new Map([
        [1, first],
        [2, second],
      ]);
    expect(found({ output: output('step=1 count=1\n'), givenUp: 1 })).toEqual([]);
    expect(found({ output: output('step=1 count=1\n'), givenUp: 2 })).toEqual([['logLinesLost', 1]]);
    expect(found({ output: output('step=2 count=2\nstep=2 count=2\n'), givenUp: 1 })).toEqual([['logLinesLost', 1]]);
  });

  it('whose output or metrics lack a line, have one twice, or another, is told', () => {
    const lines = (text: string) => ({
      output: new Map([
        [1, text],
        [2, 'step=3 count=3\n'],
      ]),
    });
    expect(found(lines('step=1 count=1\n'))).toEqual([['logLinesLost', 1]]);
    expect(found(lines('step=2 count=2\n'))).toEqual([['logLinesLost', 2]]);
    expect(found(lines('step=1 count=1\nstep=2 count=2\nstep=2 count=2\nstep=2 count=2\n'))).toEqual([
      ['logLinesLost', 1],
    ]);
    expect(
      found({
        counts: new Map([
          [1, [1]],
          [2, [3]],
        ]),
      }),
    ).toEqual([['metricsLost', 1]]);
    expect(
      found({
        counts: new Map([
          [1, [1, 1, 2]],
          [2, [3]],
        ]),
      }),
    ).toEqual([['metricsLost', 1]]);
  });

  it('that was held is held in the log', () => {
    expect(found({ submitted: { holds: 1, releases: 1 }, events: ['JobHeld'] })).toEqual([['commandsLost', 1]]);
  });
});

describe('a device', () => {
  it('that was with two at a time is told; one after the other is well', () => {
    const other = (from: number): JobEvidence => ({
      ...evidence({ notes: [begin(1, from), ...steps(1, 1, 1)] }),
      submitted: { ...evidence().submitted, name: 'count-2' },
    });
    expect(checkDevices([evidence(), other(500_000)])).toEqual([]);
    expect(checkDevices([evidence(), other(1_001)])).toHaveLength(1);
  });
});
