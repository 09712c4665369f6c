// Curves in braille.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chart } from './chart.ts';

it('draws a rising line from the lower left to the upper right', () => {
  const points = [
    { x: 0, y: 0 },
    { x: 1, y: 10 },
  ];
  expect(chart(points, { width: 4, height: 2 })).toEqual(['10 ┤⠀⠀⡠⠊', ' 0 ┤⡠⠊⠀⠀']);
});
it('draws a flat line in the middle, with one label', () => {
  const points = [
    { x: 0, y: 3 },
    { x: 1, y: 3 },
  ];
  expect(chart(points, { width: 3, height: 2 })).toEqual(['3 ┤⠀⠀⠀', '  ┤⠉⠉⠉']);
});
it('leaves out what is no finite number', () => {
  expect(chart([{ x: 0, y: Number.NaN }], { width: 3, height: 2 })).toEqual([]);
});
it('is as large as it was asked to be, whatever the points are', () => {
  const point = fc.record({
    x: fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
    y: fc.double({ noDefaultInfinity: true }),
  });
  fc.assert(
    fc.property(
      fc.array(point, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 9 }),
      (points, width, height) => {
        const lines = chart(points, { width, height });
        if (lines.length === 0) return;
        expect(lines).toHaveLength(height);
        for (const line of lines) expect(line.split('┤')[1]).toHaveLength(width);
      },
    ),
  );
});
