// Whatever happened before: the answers are those of a cluster built anew, what was tried leaves no trace, nothing is given twice.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClusterHistory, clusterSteps } from '../../testing/cluster-history.ts';

describe('the answers of a cluster', () => {
  it('are those of one that was told only what stands (property)', { timeout: 60_000 }, () => {
    const differs = fc.property(clusterSteps, (steps) => {
      const history = new ClusterHistory();
      for (const [index, step] of steps.entries()) {
        history.do(step);
        if (index % 10 < 9 && index < steps.length - 1) continue;
        const now = JSON.stringify(history.answers(history.cluster));
        if (now !== JSON.stringify(history.answers(history.told.rebuilt()))) return false;
      }
      return history.wrong.length === 0;
    });
    expect(fc.check(differs, { numRuns: 30, endOnFailure: true })).toMatchObject({ failed: false });
  });

  it('are the same after a trial that failed', () => {
    const history = new ClusterHistory();
    const before = history.answers(history.cluster);
    const failing = () =>
      history.cluster.trial(() => {
        history.cluster.removeNode('nod_a');
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    expect(history.answers(history.cluster)).toEqual(before);
  });
});
