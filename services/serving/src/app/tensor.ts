// Tensors as the Open Inference Protocol names them, and a model's signature.

export type Datatype =
  | 'BOOL'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'FP32'
  | 'FP64'
  | 'BYTES';

/** One byte each for BOOL; text for BYTES, which ONNX holds as UTF-8 strings. */
export type TensorData =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array
  | string[];

/** Row-major. */
export interface Tensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1 = free. */
  readonly shape: readonly number[];
}

export interface Signature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Rows of different requests may be run together: the first dimension is free, and rows were seen not to influence each other. */
  readonly batches: boolean;
}

/** One request's tensors in the order of the signature's inputs. */
export interface InferenceRequest {
  readonly inputs: readonly Tensor[];
}

/** An uninitialised typed array, or an empty list, for `length` elements. */
export function allocate(datatype: Exclude<Datatype, 'BYTES'>, length: number): Exclude<TensorData, string[]> {
  return new ARRAY[datatype](length);
}

const ARRAY = {
  BOOL: Uint8Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

/** Elements `from` to `to`, on the same memory. */
export function sliceData(data: TensorData, from: number, to: number): TensorData {
  return Array.isArray(data) ? data.slice(from, to) : data.subarray(from, to);
}

/** Memory that the data takes; a text counts two bytes a character. */
export function sizeBytes(data: TensorData): number {
  if (!Array.isArray(data)) return data.byteLength;
  return data.reduce((total, text) => total + 2 * text.length, 0);
}
