// What a series knows of its points: their numbers, and their size as they are sent.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MetricSeries } from './metric-series.ts';

it('knows the size of all its points as they are sent, over any restart (property)', () => {
  const line = fc.constantFrom('loss=0.5', 'epoch 3', 'nothing', 'acc=1 loss=2e-7', '{"v": 1}');
  fc.assert(
    fc.property(fc.array(fc.tuple(line, fc.boolean())), (lines) => {
      let series = new MetricSeries();
      const points = lines.flatMap(([text, restarts], at) => {
        if (restarts) series = new MetricSeries(JSON.parse(JSON.stringify(series.state)));
        return [series.read(text, at) ?? [], series.measured({ 'system/cpu': at }, at)].flat();
      });
      expect(points.map(({ seq }) => seq)).toEqual(points.map((_, index) => index));
      // One bracket more than there are points.
      expect(series.state.sizeBytes).toBe(Math.max(0, JSON.stringify(points).length - (points.length > 0 ? 1 : 2)));
    }),
  );
});

it('goes on from what an earlier version saved', () => {
  const series = new MetricSeries({ nextSeq: 4, epoch: null, finals: { loss: 1 } });
  const point = series.read('loss=0.5', 7);
  expect(series.state).toMatchObject({ nextSeq: 5, sizeBytes: JSON.stringify(point).length + 1 });
});
