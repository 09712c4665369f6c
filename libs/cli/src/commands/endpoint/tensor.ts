// Tensors as people type them: nested or flat JSON, with the shape found out.
import type { Tensor } from '@baton/sdk';
import { usage } from '../../failure.ts';

/** `expected` is the input as the model describes it; -1 is a free dimension. */
export function tensorOf(expected: Omit<Tensor, 'data'>, value: unknown): Tensor {
  const data: readonly unknown[] = Array.isArray(value) ? value : [value];
  const shape = nestedShape(data, expected.name);
  return {
    name: expected.name,
    datatype: expected.datatype,
    shape: fitted(shape, expected.shape),
    data: data.flat(shape.length - 1),
  };
}

function nestedShape(data: readonly unknown[], name: string): number[] {
  const [first] = data;
  if (!Array.isArray(first)) {
    if (data.some(Array.isArray)) throw ragged(name);
    return [data.length];
  }
  const inner = nestedShape(first, name);
  const isEven = data.every((row) => Array.isArray(row) && String(nestedShape(row, name)) === String(inner));
  if (!isEven) throw ragged(name);
  return [data.length, ...inner];
}

function ragged(name: string): Error {
  return usage(`--input ${name}: the rows are not equally long.`);
}

/** Flat data takes the model's shape, if that has just one free dimension or none. */
function fitted(shape: number[], expected: readonly number[]): number[] {
  const [length] = shape;
  if (shape.length > 1 || expected.length < 2 || length === undefined) return shape;
  const fixed = expected.filter((size) => size > 0).reduce((product, size) => product * size, 1);
  if (expected.filter((size) => size < 1).length > 1 || length % fixed !== 0) return shape;
  return expected.map((size) => (size > 0 ? size : length / fixed));
}

const MANY_ROWS = 20;

/** A head line, and a line for each row. */
export function tensorText({ name, shape, datatype, data }: Tensor): string {
  const flat = (data as unknown[]).flat(Number.POSITIVE_INFINITY);
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const rows = Array.from({ length: shape[0] ?? 1 }, (_, row) => flat.slice(row * width, (row + 1) * width));
  const shown = rows.slice(0, MANY_ROWS).map((row) => `  ${row.map(String).join(' ')}`);
  const more = rows.length > MANY_ROWS ? [`  ... ${rows.length - MANY_ROWS} more rows; --json shows them`] : [];
  return [`${name} ${datatype} [${shape.join(', ')}]`, ...shown, ...more].join('\n');
}
