// Puts requests together into one batch for the worker, and takes it apart again where they have to run alone.
import { type InferenceRequest, sizeBytes, sliceData, type Tensor, type TensorData } from '../../app/tensor.ts';
import type { Batch } from './protocol.ts';

/** Up to here copying is cheaper than moving each array to the other thread by itself: measured, a third of posting a message. */
const JOINED_BYTES = 1 << 20;
/** Up to here even the joined array is copied rather than moved. */
const COPIED_BYTES = 1 << 16;

export interface Parcel {
  readonly batch: Batch;
  /** Moved, not copied: the arrays are empty afterwards. */
  readonly transfer: ArrayBuffer[];
}

export function pack(requests: readonly InferenceRequest[]): Parcel {
  const rows = requests.map(({ inputs }) => inputs[0]?.shape[0] ?? 1);
  const bytes = requests.reduce(
    (total, { inputs }) => total + inputs.reduce((sum, { data }) => sum + sizeBytes(data), 0),
    0,
  );
  const all = requests.map(({ inputs }) => inputs);
  const parts = requests.length > 1 && bytes <= JOINED_BYTES ? [join(all)] : all;
  return { batch: { rows, parts }, transfer: bytes <= COPIED_BYTES ? [] : buffersOf(parts.flat()) };
}

/** Each input of all parts as one tensor. */
export function join(parts: readonly (readonly Tensor[])[]): readonly Tensor[] {
  const [first] = parts;
  if (!first) throw new Error('there is nothing to join');
  if (parts.length === 1) return first;
  return first.map((_, input) => concatenate(parts.map((part) => tensorAt(part, input))));
}

/** The requests of a batch, each by itself. */
export function split({ rows, parts }: Batch): (readonly Tensor[])[] {
  if (parts.length === rows.length) return [...parts];
  const whole = join(parts);
  let next = 0;
  return rows.map((count) => {
    const first = next;
    next += count;
    return whole.map((tensor) => rowsOf(tensor, first, count));
  });
}

export function buffersOf(tensors: readonly Tensor[]): ArrayBuffer[] {
  return [...new Set(tensors.flatMap(({ data }) => (Array.isArray(data) ? [] : [data.buffer as ArrayBuffer])))];
}

function rowsOf({ datatype, shape, data }: Tensor, first: number, count: number): Tensor {
  const perRow = data.length / (shape[0] ?? 1);
  return {
    datatype,
    shape: [count, ...shape.slice(1)],
    data: sliceData(data, first * perRow, (first + count) * perRow),
  };
}

function concatenate(tensors: readonly Tensor[]): Tensor {
  const { datatype, shape } = tensorAt(tensors, 0);
  const rows = tensors.reduce((total, tensor) => total + (tensor.shape[0] ?? 1), 0);
  return { datatype, shape: [rows, ...shape.slice(1)], data: joined(tensors.map((tensor) => tensor.data)) };
}

function joined(parts: readonly TensorData[]): TensorData {
  const [first] = parts;
  if (Array.isArray(first)) return (parts as string[][]).flat();
  const length = parts.reduce((total, part) => total + part.length, 0);
  const Constructor = first?.constructor as new (length: number) => Float32Array;
  const whole = new Constructor(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part as Float32Array, offset);
    offset += part.length;
  }
  return whole;
}

function tensorAt(tensors: readonly Tensor[], index: number): Tensor {
  const tensor = tensors[index];
  if (!tensor) throw new Error(`input ${index} is missing`);
  return tensor;
}
