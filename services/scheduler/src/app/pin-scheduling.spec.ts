// Arrays as they are planned, and what each of their jobs finds.
import type { JobSpec } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { describe, expect, it } from 'vitest';
import { aSpec } from '../testing/job-builders.ts';
import { memberSpec, placeOf, planArray, rerunSpec } from './pin-scheduling.ts';

const plan = (array: JobSpec['array']) => planArray(array === undefined ? { command: [] } : { command: [], array });

describe('an array', () => {
  it('has as many jobs as it says, or as there are values', () => {
    expect(plan(undefined)).toBe(null);
    expect(plan({ count: 3, parallel: 2 })).toEqual({ count: 3, values: null, parallel: 2 });
    expect(plan({ values: [0.1, 'b'] })).toEqual({ count: 2, values: ['0.1', 'b'], parallel: null });
  });

  it.each([
    [{}, '/array'],
    [{ parallel: 2 }, '/array'],
    [{ count: 3, values: ['a'] }, '/array/count'],
  ])('%j is refused at %s', (array, pointer) => {
    expect(() => plan(array)).toThrow(PlatformError);
    expect(() => plan(array)).toThrow(
      expect.objectContaining({ issues: [expect.objectContaining({ pointer })] }) as Error,
    );
  });

  it('tells each job which it is', () => {
    const place = placeOf({ count: 2, values: ['x', 'y'], parallel: 1 }, 'arr_a', 1);
    expect(place).toEqual({ id: 'arr_a', index: 1, count: 2, parallel: 1, value: 'y' });
    expect(memberSpec(aSpec({ env: { A: '1', BATON_ARRAY_INDEX: '7' } }), place).env).toEqual({
      A: '1',
      BATON_ARRAY_INDEX: '1',
      BATON_ARRAY_COUNT: '2',
      BATON_ARRAY_VALUE: 'y',
    });
  });
});

describe('a job that is submitted again', () => {
  it('waits for nothing that the first one had to wait for', () => {
    const after = [{ jobId: 'job_a', when: 'success' as const }];
    expect(rerunSpec(aSpec({ beginAt: 5, hold: true, after, class: 'urgent' }))).toEqual(aSpec({ class: 'urgent' }));
  });
});
