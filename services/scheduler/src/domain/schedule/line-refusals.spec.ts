import { describe, expect, it } from 'vitest';
import { anAsk, gpus } from '../../testing/cluster-builders.ts';
import type { LinePlace } from './line-offer.ts';
import { LineRefusals } from './line-refusals.ts';
import { NodeLedger } from './node-ledger.ts';

const line = (pool: readonly string[], jobId = 'running'): LinePlace => ({
  nodeId: 'a',
  devices: [],
  behind: { count: 1, pool: [...pool], predecessors: [{ jobId, attempt: 1 }] },
});
const ask = anAsk('x', gpus(1), { limitMs: 100, priority: 1 });

function refused() {
  const ledger = new NodeLedger('a');
  const refusals = new LineRefusals();
  refusals.add(ledger, line(['gpu-0']), ask, 10);
  return { ledger, refusals };
}

describe('what a node refuses for the sake of promises', () => {
  it('is refused to whoever asks for longer, later, in no higher class', () => {
    const { ledger, refusals } = refused();
    expect(refusals.covers(ledger, line(['gpu-0']), { ...ask, jobId: 'y', limitMs: 200, priority: 0 }, 20)).toBe(true);
    expect(refusals.covers(ledger, line(['gpu-0']), { ...ask, limitMs: 99 }, 20)).toBe(false);
    expect(refusals.covers(ledger, line(['gpu-0']), { ...ask, priority: 2 }, 20)).toBe(false);
    expect(refusals.covers(ledger, line(['gpu-0']), ask, 9)).toBe(false);
  });

  it('says nothing of another line there, nor of the node once it has changed', () => {
    const { ledger, refusals } = refused();
    expect(refusals.covers(ledger, line(['gpu-0', 'gpu-1']), ask, 10)).toBe(false);
    expect(refusals.covers(ledger, line(['gpu-0'], 'another'), ask, 10)).toBe(false);
    ledger.refresh();
    expect(refusals.covers(ledger, line(['gpu-0']), ask, 10)).toBe(false);
  });
});
