// Warms a model and finds out whether rows of different requests may run together.
import { allocate, type Tensor, type TensorSpec } from '../../app/tensor.ts';
import type { Session } from './session.ts';

const OTHER_FREE_DIMENSIONS = [1, 32];
const TOLERANCE = 1e-3;

/**
 * Runs made-up rows alone and together. True if the model's first dimensions are free and both ways give the same rows:
 * a first dimension that only looks like a batch, or a sum over it, would mix the answers of different callers.
 */
export async function probe(session: Session): Promise<boolean> {
  for (const size of OTHER_FREE_DIMENSIONS) {
    try {
      const first = session.inputs.map((input) => sample(input, 1, size, 1));
      const second = session.inputs.map((input) => sample(input, 2, size, 7));
      const alone = [await session.run([first]), await session.run([second])];
      if (!session.freeRows) return false;
      return isStacked(alone, await session.run([first, second]));
    } catch {
      // These sizes do not suit the model; the next may.
    }
  }
  return false;
}

function sample(spec: TensorSpec, rows: number, size: number, seed: number): Tensor {
  const shape = spec.shape.map((dimension, axis) => (dimension >= 0 ? dimension : axis === 0 ? rows : size));
  const length = shape.reduce((product, dimension) => product * dimension, 1);
  if (spec.datatype === 'BYTES')
    return { datatype: 'BYTES', shape, data: Array.from({ length }, (_, index) => `${seed + index}`) };
  const data = allocate(spec.datatype, length);
  const isFloat = spec.datatype === 'FP32' || spec.datatype === 'FP64';
  for (let index = 0; index < length; index++) {
    const bit = ((index + seed) * 2_654_435_761) % 997;
    // Whole numbers may be indices into a table: 0 and 1 are nearly always there.
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[index] = BigInt(bit % 2);
    else data[index] = isFloat ? bit / 498.5 - 1 : bit % 2;
  }
  return { datatype: spec.datatype, shape, data };
}

function isStacked(alone: readonly (readonly Tensor[])[], together: readonly Tensor[]): boolean {
  return together.every((output, index) => {
    const parts = alone.map((outputs) => outputs[index]);
    if (parts.some((part, which) => part?.shape[0] !== which + 1) || output.shape[0] !== 3) return false;
    const expected = parts.flatMap((part) => Array.from((part?.data ?? []) as ArrayLike<unknown>));
    return expected.length === output.data.length && expected.every((value, at) => isClose(value, output.data[at]));
  });
}

function isClose(left: unknown, right: unknown): boolean {
  if (typeof left !== 'number' || typeof right !== 'number') return left === right;
  if (Object.is(left, right)) return true;
  return Math.abs(left - right) <= TOLERANCE * Math.max(1, Math.abs(left), Math.abs(right));
}
