// JSON values into a tensor's memory: flat or nested lists, checked against datatype and shape in one pass.
import { PlatformError } from '@baton/errors';
import { allocate, type Datatype, type TensorData } from '../../app/tensor.ts';

export interface DataTarget {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** The shape's product. */
  readonly length: number;
}

/** Row-major elements of `data`, which is flat or nested exactly as the shape says. */
export function readTensorData(data: unknown, target: DataTarget): TensorData {
  if (!Array.isArray(data)) {
    if (target.shape.length === 0) return readTensorData([data], target);
    throw bad(target, 'its "data" must be a list');
  }
  const values = data as unknown[];
  const isFlat = !Array.isArray(values[0]);
  if (isFlat && values.length !== target.length) throw wrongLength(target, values.length);
  if (target.datatype === 'BYTES') return readTexts(values, target, isFlat);
  const sink = allocate(target.datatype, target.length);
  const fill = FILL[target.datatype] as Fill;
  if (isFlat) fill(sink, values, 0, target);
  else fillNested({ sink, fill, target }, values, 0, 0);
  return sink;
}

type Numbers = Exclude<TensorData, string[]>;
type Fill = (sink: Numbers, values: readonly unknown[], offset: number, target: DataTarget) => void;
interface Filling {
  readonly sink: Numbers;
  readonly fill: Fill;
  readonly target: DataTarget;
}

/** Gives the offset behind what was filled. */
function fillNested(filling: Filling, values: readonly unknown[], offset: number, axis: number): number {
  const { target } = filling;
  if (values.length !== target.shape[axis])
    throw bad(
      target,
      `its nested "data" has a list of ${values.length} where the shape ${JSON.stringify(target.shape)} asks for ${target.shape[axis]}`,
    );
  if (axis === target.shape.length - 1) {
    filling.fill(filling.sink, values, offset, target);
    return offset + values.length;
  }
  let next = offset;
  for (const inner of values) {
    if (!Array.isArray(inner)) throw bad(target, 'its "data" is neither flat nor nested as its shape says');
    next = fillNested(filling, inner, next, axis + 1);
  }
  return next;
}

function readTexts(values: readonly unknown[], target: DataTarget, isFlat: boolean): string[] {
  const flat = isFlat ? values : flatten(values, target, 0);
  return flat.map((value, index) => (typeof value === 'string' ? value : refuse(target, value, index)));
}

function flatten(values: readonly unknown[], target: DataTarget, axis: number): unknown[] {
  if (values.length !== target.shape[axis]) throw wrongLength(target, values.length);
  if (axis === target.shape.length - 1) return [...values];
  return values.flatMap((inner) => {
    if (!Array.isArray(inner)) throw bad(target, 'its "data" is neither flat nor nested as its shape says');
    return flatten(inner, target, axis + 1);
  });
}

function fillFloats(
  sink: Float32Array | Float64Array,
  values: readonly unknown[],
  offset: number,
  target: DataTarget,
): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    const number = typeof value === 'number' ? value : notANumber(value);
    sink[offset + index] = number ?? refuse(target, value, offset + index);
    // 1e39 is a number in JSON and infinite as FP32.
    if (typeof value === 'number' && !Number.isFinite(sink[offset + index])) refuse(target, value, offset + index);
  }
}

function notANumber(value: unknown): number | undefined {
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  return value === '-Infinity' ? Number.NEGATIVE_INFINITY : undefined;
}

function fillIntegers(sink: Numbers, values: readonly unknown[], offset: number, target: DataTarget): void {
  const into = sink as Int32Array;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (typeof value !== 'number') refuse(target, value, offset + index);
    into[offset + index] = value;
    // What was stored differs from what was given: a fraction, or out of range.
    if (into[offset + index] !== value) refuse(target, value, offset + index);
  }
}

function fillBigIntegers(sink: Numbers, values: readonly unknown[], offset: number, target: DataTarget): void {
  const into = sink as BigInt64Array;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    const isWhole = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
    if (!isWhole) refuse(target, value, offset + index);
    const whole = BigInt(value as bigint | number);
    into[offset + index] = whole;
    if (into[offset + index] !== whole) refuse(target, value, offset + index);
  }
}

function fillBooleans(sink: Numbers, values: readonly unknown[], offset: number, target: DataTarget): void {
  const into = sink as Uint8Array;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value !== true && value !== false && value !== 0 && value !== 1) refuse(target, value, offset + index);
    into[offset + index] = Number(value);
  }
}

const FILL = {
  BOOL: fillBooleans,
  INT8: fillIntegers,
  INT16: fillIntegers,
  INT32: fillIntegers,
  INT64: fillBigIntegers,
  UINT8: fillIntegers,
  UINT16: fillIntegers,
  UINT32: fillIntegers,
  UINT64: fillBigIntegers,
  FP32: fillFloats,
  FP64: fillFloats,
} as const;

const MANY_DIGITS = /\d{16}/;
const WHOLE = /^-?\d+$/;

/** JSON with integers above 2^53 as exact bigints. Most texts hold none, and cost one scan more. Throws SyntaxError. */
export function exactIntegers(text: string): unknown {
  if (!MANY_DIGITS.test(text)) return JSON.parse(text);
  const revive = (_key: string, member: unknown, context: { readonly source?: string }): unknown => {
    if (typeof member !== 'number' || Number.isSafeInteger(member) || context.source === undefined) return member;
    return WHOLE.test(context.source) ? BigInt(context.source) : member;
  };
  return JSON.parse(text, revive as Parameters<typeof JSON.parse>[1]);
}

function refuse(target: DataTarget, value: unknown, index: number): never {
  const shown = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'nothing').slice(0, 40);
  throw bad(target, `element ${index} of its "data" is ${shown}, which is no ${target.datatype}`);
}

function wrongLength(target: DataTarget, length: number): PlatformError {
  return bad(
    target,
    `its "data" has ${length} elements where the shape ${JSON.stringify(target.shape)} needs ${target.length}`,
  );
}

function bad(target: DataTarget, message: string): PlatformError {
  return new PlatformError('invalid_input', `input "${target.name}": ${message}`);
}
