// The plan of faults: the same for a seed, and each kind soon.
import { random } from '@baton/scheduler';
import { describe, expect, it } from 'vitest';
import { faultPlan, faultText } from './faults.ts';

function planned(seed: number, count: number) {
  const plan = faultPlan(random(seed), 1_000);
  return Array.from({ length: count }, () => plan.next().value);
}

describe('a plan of faults', () => {
  it('is the same for a seed, and another for another', () => {
    expect(planned(1, 200)).toEqual(planned(1, 200));
    expect(planned(1, 200)).not.toEqual(planned(2, 200));
  });

  it('has each kind before any comes twice', () => {
    const first = planned(3, 17).map(({ fault }) => faultText(fault).replace(/\d+ ms/, ''));
    expect(new Set(first).size).toBe(16);
  });

  it('stops an agent for longer than its node may be silent', () => {
    const agents = planned(4, 500).flatMap(({ fault }) =>
      fault.kind === 'pause' && fault.part.endsWith('agent') ? [fault.forMs] : [],
    );
    expect(agents.length).toBeGreaterThan(5);
    expect(Math.min(...agents)).toBeGreaterThan(5_000);
  });
});
