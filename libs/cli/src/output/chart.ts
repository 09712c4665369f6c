// A small line chart in braille: two by four dots in each character.
import { formatNumber } from './units.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface ChartOptions {
  /** Characters, without the axis. */
  readonly width: number;
  readonly height: number;
}

/** Bits of the dots in a cell, by column and row from the top (Unicode's braille block). */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;
const BLANK = 0x2800;

/** Lines of text: the curve, its extremes at the left. Points that are no finite number are left out. */
export function chart(points: readonly Point[], options: ChartOptions): string[] {
  const drawn = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  if (drawn.length === 0) return [];
  const [left, right] = extent(drawn.map(({ x }) => x));
  const [low, high] = extent(drawn.map(({ y }) => y));
  const grid = new Grid(options);
  let before: readonly [number, number] | undefined;
  for (const { x, y } of drawn) {
    const dot = [
      Math.round(share(x, left, right) * (options.width * 2 - 1)),
      Math.round((1 - share(y, low, high)) * (options.height * 4 - 1)),
    ] as const;
    grid.line(before ?? dot, dot);
    before = dot;
  }
  return withAxis(grid.lines(), formatNumber(high), formatNumber(low));
}

function extent(values: readonly number[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** Where `value` lies from 0 to 1; a flat line lies in the middle. */
function share(value: number, low: number, high: number): number {
  return high === low ? 0.5 : (value - low) / (high - low);
}

function withAxis(lines: readonly string[], high: string, low: string): string[] {
  const width = Math.max(high.length, low.length);
  return lines.map((line, index) => {
    const label = index === 0 ? high : index === lines.length - 1 && low !== high ? low : '';
    return `${label.padStart(width)} ┤${line}`;
  });
}

class Grid {
  readonly #cells: number[][];

  constructor({ width, height }: ChartOptions) {
    this.#cells = Array.from({ length: height }, () => Array.from({ length: width }, () => 0));
  }

  line([x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): void {
    const steps = Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1), 1);
    for (let step = 0; step <= steps; step += 1) {
      this.#dot(Math.round(x1 + ((x2 - x1) * step) / steps), Math.round(y1 + ((y2 - y1) * step) / steps));
    }
  }

  lines(): string[] {
    return this.#cells.map((row) => row.map((bits) => String.fromCodePoint(BLANK + bits)).join(''));
  }

  #dot(x: number, y: number): void {
    const row = this.#cells[Math.floor(y / 4)];
    const column = Math.floor(x / 2);
    const bit = DOTS[x % 2 === 0 ? 0 : 1][y % 4] ?? 0;
    if (row?.[column] !== undefined) row[column] |= bit;
  }
}
