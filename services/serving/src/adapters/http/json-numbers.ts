// A tensor's elements as JSON text. FP32, which nearly all outputs are, has a writer of its own: about three times as
// fast as JSON.stringify over the same values, which would be the largest part of an answer's cost, and a third shorter.
import type { Datatype, TensorData } from '../../app/tensor.ts';

export function writeData(data: TensorData, datatype: Datatype): string {
  if (data instanceof Float32Array) return writeFloats(data);
  if (Array.isArray(data)) return JSON.stringify(data);
  if (datatype === 'BOOL')
    return `[${Array.from(data as Uint8Array, (bit) => (bit === 0 ? 'false' : 'true')).join(',')}]`;
  if (!(data instanceof Float64Array)) return `[${data.join(',')}]`;
  if (data.every(isPlain)) return JSON.stringify(Array.from(data));
  return `[${Array.from(data, text).join(',')}]`;
}

/** Whether JSON.stringify writes it so that the same is read back. */
function isPlain(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

function text(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

const COMMA = 44;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const OPEN = 91;
const CLOSE = 93;
/** The longest element, such as -1.1754943508222875e-38, and its comma. */
const LONGEST = 26;
/** Significant digits: the fewest that tell every FP32 value from its neighbours, so that it is read back exactly. */
const DIGITS = 9;
const LARGEST_KEPT = 1 << 20;

let scratch = Buffer.allocUnsafe(1 << 16);

function writeFloats(values: Float32Array): string {
  const needed = values.length * LONGEST + 2;
  const out = needed <= scratch.length ? scratch : Buffer.allocUnsafe(needed);
  if (needed <= LARGEST_KEPT) scratch = out;
  let at = 0;
  out[at++] = OPEN;
  for (let index = 0; index < values.length; index++) {
    if (index > 0) out[at++] = COMMA;
    at = writeFloat(out, at, values[index] as number);
  }
  out[at++] = CLOSE;
  return out.toString('latin1', 0, at);
}

/** 10^0 to 10^15, exact. */
const POWER = Float64Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);
const SMALLEST_PLAIN = 1e-6;
const LARGEST_PLAIN = 1e9;

/** Gives the place behind what was written. */
function writeFloat(out: Buffer, start: number, value: number): number {
  const size = Math.abs(value);
  // Whole numbers, those that take an exponent, and those that JSON has no form for.
  if (size === Math.trunc(size) || !(size >= SMALLEST_PLAIN && size < LARGEST_PLAIN))
    return start + out.write(text(value), start, 'latin1');
  let at = start;
  if (value < 0) out[at++] = MINUS;
  let decimals = decimalsOf(size);
  let digits = Math.round(size * (POWER[decimals] as number));
  if (digits === LARGEST_PLAIN) {
    decimals--;
    digits /= 10;
  }
  if (decimals < DIGITS) return writeMixed(out, at, { digits, decimals });
  out[at++] = ZERO;
  out[at++] = POINT;
  for (let zeros = decimals - DIGITS; zeros > 0; zeros--) out[at++] = ZERO;
  writeNine(out, at, digits);
  return at + DIGITS;
}

/** How many decimals give nine significant digits. */
function decimalsOf(size: number): number {
  let decimals = DIGITS;
  if (size >= 1) for (let limit = 1; size >= limit; limit *= 10) decimals--;
  else for (let limit = 0.1; size < limit; limit /= 10) decimals++;
  return decimals;
}

/** Nine digits with the point inside: written one place to the right, then the whole part is moved to the left of the point. */
function writeMixed(out: Buffer, at: number, { digits, decimals }: { digits: number; decimals: number }): number {
  writeNine(out, at + 1, digits);
  const whole = DIGITS - decimals;
  for (let index = 0; index < whole; index++) out[at + index] = out[at + index + 1] as number;
  out[at + whole] = POINT;
  return at + DIGITS + 1;
}

/** "00", "01" ... "99". */
const PAIRS = Buffer.from(Array.from({ length: 100 }, (_, pair) => String(pair).padStart(2, '0')).join(''), 'latin1');

function writeNine(out: Buffer, at: number, digits: number): void {
  const high = Math.trunc(digits / 1e5);
  const low = digits - high * 1e5;
  const middle = Math.trunc(low / 1e3);
  writePair(out, at, Math.trunc(high / 100));
  writePair(out, at + 2, high % 100);
  writePair(out, at + 4, middle);
  writePair(out, at + 6, Math.trunc((low % 1e3) / 10));
  out[at + 8] = ZERO + (low % 10);
}

function writePair(out: Buffer, at: number, pair: number): void {
  out[at] = PAIRS[2 * pair] as number;
  out[at + 1] = PAIRS[2 * pair + 1] as number;
}
