// Why a job waits: who holds what it needs, its place, and when it is tried again.
import { DEFAULT_POLICY } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { anAsk, anAttempt, anEngineNode, ONE_SLOT } from '../../testing/cluster-builders.ts';
import { aWaitingJob } from '../../testing/queue-builders.ts';
import { Engine } from './engine.ts';
import { explainWait } from './explain.ts';

function busy(): Engine {
  const engine = new Engine(DEFAULT_POLICY);
  engine.putNode(anEngineNode('n', { cpu: 1 }));
  engine.place(anAttempt(anAsk('running', ONE_SLOT), [{ nodeId: 'n', devices: ['cpu-0'] }]));
  engine.queue(aWaitingJob(1, { id: 'a', shape: ONE_SLOT }));
  engine.queue(aWaitingJob(2, { id: 'b', shape: ONE_SLOT }));
  return engine;
}

describe('explainWait', () => {
  it('names the jobs that hold what the first one waits for', () => {
    const reason = explainWait('a', busy(), { gate: null, now: 0 });
    expect(reason).toMatchObject({ code: 'devices-busy', position: 1, heldBy: ['running'] });
  });

  it('tells those behind it their place', () => {
    const reason = explainWait('b', busy(), { gate: null, now: 0 });
    expect(reason).toMatchObject({ code: 'behind-in-queue', position: 2 });
  });

  it('says when a retried job is tried again', () => {
    const gate = { code: 'retry-backoff', until: 3_000 } as const;
    const reason = explainWait('x', busy(), { gate, now: 1_000 });
    expect(reason).toMatchObject({ code: 'retry-backoff', message: 'It is tried again in 2 s.' });
  });
});
