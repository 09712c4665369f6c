// Tensors as they are typed.
import { describe, expect, it } from 'vitest';
import { tensorOf, tensorText } from './tensor.ts';

const pixels = { name: 'pixels', shape: [-1, 4], datatype: 'FP32' };

describe('an input', () => {
  it('has the shape of its nesting', () => {
    expect(
      tensorOf(pixels, [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ]),
    ).toEqual({ ...pixels, shape: [2, 4], data: [1, 2, 3, 4, 5, 6, 7, 8] });
  });
  it('takes the model’s shape when it is flat', () => {
    expect(tensorOf(pixels, [1, 2, 3, 4]).shape).toEqual([1, 4]);
    expect(tensorOf(pixels, [1, 2, 3, 4, 5, 6, 7, 8]).shape).toEqual([2, 4]);
  });
  it('keeps a shape that does not fit: the platform says what is wrong with it', () => {
    expect(tensorOf(pixels, [1, 2, 3]).shape).toEqual([3]);
  });
  it('may be one number', () => {
    expect(tensorOf({ name: 'x', shape: [-1], datatype: 'INT64' }, 7)).toMatchObject({ shape: [1], data: [7] });
  });
  it.each([[[[1, 2], [3]]], [[[1], 2]], [[1, [2]]]])('refuses rows that are not equally long: %j', (value) => {
    expect(() => tensorOf(pixels, value)).toThrow('equally long');
  });
});

describe('an output', () => {
  it('is a row a line', () => {
    expect(tensorText({ name: 'scores', shape: [2, 2], datatype: 'FP32', data: [1, 2, 3, 4] })).toBe(
      'scores FP32 [2, 2]\n  1 2\n  3 4',
    );
  });
  it('is cut when it is long', () => {
    const text = tensorText({ name: 's', shape: [30], datatype: 'FP32', data: Array.from({ length: 30 }, () => 0) });
    expect(text).toContain('10 more rows');
  });
});
