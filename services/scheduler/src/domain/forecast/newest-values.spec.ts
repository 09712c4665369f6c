// Order is kept of the newest values alone, as if they were sorted each time.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NewestValues } from './newest-values.ts';

it('has the quantiles of the newest, also of what was kept', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 40 }), share, (values, at) => {
      const newest = new NewestValues(7);
      for (const value of values) newest.push(value);
      const last = values.slice(-7);
      expect(newest.save()).toEqual(last);
      expect(newest.count).toBe(last.length);
      const sorted = last.toSorted((a, b) => a - b);
      const place = Math.min(sorted.length, Math.max(1, Math.ceil((sorted.length + 1) * at)));
      expect(newest.quantile(at)).toBe(sorted[place - 1] ?? 0);
      expect(new NewestValues(7, newest.save()).quantile(at)).toBe(newest.quantile(at));
    }),
  );
});
