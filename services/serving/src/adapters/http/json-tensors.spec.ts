// Tensors survive the way through JSON, flat or nested, and bad ones are refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate, type Datatype, type Signature, type Tensor, type TensorData } from '../../app/tensor.ts';
import { jsonCodec } from './json-tensors.ts';

const ELEMENT: Record<Datatype, fc.Arbitrary<unknown>> = {
  BOOL: fc.integer({ min: 0, max: 1 }),
  INT8: fc.integer({ min: -128, max: 127 }),
  INT16: fc.integer({ min: -32_768, max: 32_767 }),
  INT32: fc.integer(),
  INT64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  UINT8: fc.integer({ min: 0, max: 255 }),
  UINT16: fc.integer({ min: 0, max: 65_535 }),
  UINT32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  UINT64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  FP32: fc.float(),
  FP64: fc.double(),
  BYTES: fc.string({ unit: 'grapheme' }),
};

const tensor: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.constantFrom(...(Object.keys(ELEMENT) as Datatype[])),
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  )
  .chain(([datatype, shape]) => {
    const length = shape.reduce((product, dimension) => product * dimension, 1);
    return fc
      .array(ELEMENT[datatype], { minLength: length, maxLength: length })
      .map((elements) => ({ datatype, shape, data: dataOf(datatype, elements) }));
  });

function dataOf(datatype: Datatype, elements: readonly unknown[]): TensorData {
  if (datatype === 'BYTES') return elements as string[];
  const data = allocate(datatype, elements.length);
  (data as Float64Array).set(elements as number[]);
  return data;
}

function signatureOf({ datatype, shape }: Tensor): Signature {
  return {
    inputs: [{ name: 'x', datatype, shape: shape.map(() => -1) }],
    outputs: [{ name: 'y', datatype, shape }],
    batches: false,
  };
}

/** The text of `data` in a response, as the server writes it. */
function dataText(value: Tensor): string {
  const { body } = jsonCodec.encode({
    model: 'm',
    version: '1',
    id: undefined,
    outputs: [{ name: 'y', tensor: value }],
  });
  return /"data":(.*)\}\]\}$/s.exec(String(body))?.[1] ?? '';
}

/** Flat JSON text nested as the shape says. Elements hold no bracket or comma outside of texts, which are parsed first. */
function nestedText(text: string, shape: readonly number[]): string {
  const elements = splitElements(text);
  const nest = (from: number, axis: number, size: number): string => {
    if (axis === shape.length) return elements[from] ?? '';
    const inner = size / (shape[axis] ?? 1);
    return `[${Array.from({ length: shape[axis] ?? 0 }, (_, index) => nest(from + index * inner, axis + 1, inner)).join(', ')}]`;
  };
  return nest(0, 0, elements.length);
}

function splitElements(text: string): string[] {
  return text.slice(1, -1).match(/"(?:[^"\\]|\\.)*"|[^,]+/g) ?? [];
}

function decode(dataJson: string, value: Tensor): TensorData | undefined {
  const { datatype, shape } = value;
  const body = `{"inputs":[{"data":${dataJson},"name":"x","shape":${JSON.stringify(shape)},"datatype":"${datatype}"}]}`;
  return jsonCodec.decode(Buffer.from(body), signatureOf(value)).inputs[0]?.data;
}

function outcomeOf(body: Buffer): string {
  try {
    jsonCodec.decode(body, signatureOf(floats(1)));
    return 'taken';
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}

const shape = (...dimensions: number[]) => dimensions;
const floats = (...values: number[]): Tensor => ({
  datatype: 'FP32',
  shape: shape(values.length),
  data: Float32Array.from(values),
});

describe('JSON tensors', () => {
  it('come back as they were written, to the last bit, flat and nested', () => {
    fc.assert(
      fc.property(tensor, (value) => {
        const text = dataText(value);
        expect(decode(text, value)).toEqual(value.data);
        expect(decode(nestedText(text, value.shape), value)).toEqual(value.data);
      }),
      { numRuns: 500 },
    );
  });

  it('are read as JSON.parse reads numbers, however they are written', () => {
    const written = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc
        .tuple(fc.integer(), fc.nat(), fc.integer({ min: -40, max: 30 }))
        .map(([whole, fraction, exponent]) => `${whole}.${fraction}e${exponent}`),
      fc
        .tuple(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.nat({ max: 30 }))
        .map(([digits, zeros]) => `0.${'0'.repeat(zeros)}${digits}`),
      fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map(String),
    );
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 20 }), (texts) => {
        const value: Tensor = { datatype: 'FP64', shape: shape(texts.length), data: new Float64Array() };
        expect(decode(`[ ${texts.join(' ,\n')} ]`, value)).toEqual(Float64Array.from(texts, Number));
      }),
      { numRuns: 300 },
    );
  });

  it('are valid JSON with nine significant digits at most for FP32', () => {
    expect(dataText(floats(1, -0, 0.1, -123.456, 0.999999999, 1e-7, 1e9, 16_777_216))).toBe(
      '[1,-0,0.100000001,-123.456001,1,1.0000000116860974e-7,1000000000,16777216]',
    );
    fc.assert(
      fc.property(
        fc.float32Array({ maxLength: 50 }),
        (values) => void JSON.parse(dataText({ datatype: 'FP32', shape: shape(values.length), data: values })),
      ),
    );
  });

  it('write integers above 2^53 exactly and non-finite numbers as texts', () => {
    expect(dataText({ datatype: 'INT64', shape: shape(2), data: BigInt64Array.of(2n ** 62n + 1n, -1n) })).toBe(
      '[4611686018427387905,-1]',
    );
    expect(dataText(floats(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY))).toBe(
      '["NaN","Infinity","-Infinity"]',
    );
  });

  it.each([
    ['INT8', '[128]'],
    ['INT8', '[1.5]'],
    ['UINT8', '[-1]'],
    ['INT32', '[2147483648]'],
    ['INT64', '[9223372036854775808]'],
    ['INT64', '[1.5]'],
    ['INT64', '["1"]'],
    ['UINT64', '[-1]'],
    ['UINT64', '[18446744073709551616]'],
    ['FP32', '[1e39]'],
    ['FP32', '[null]'],
    ['FP32', '["1"]'],
    ['FP32', '[true]'],
    ['FP32', '[[1,2]]'],
    ['FP32', '[1,2]'],
    ['FP32', '[]'],
    ['FP32', '1'],
    ['FP32', '{"0":1}'],
    ['FP64', '[1e400]'],
    ['BOOL', '[2]'],
    ['BOOL', '["true"]'],
    ['BYTES', '[1]'],
  ] as const)('refuse %s with %s', (datatype, data) => {
    const value: Tensor = { datatype, shape: shape(1), data: [] };
    expect(() => decode(data, value)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  it.each(['[1,]', '[01]', '[+1]', '[.5]', '[1.]', '[1 2]', '[NaN]', '[0x1]', '[1', '[-]', '[1e]', '[--1]'])(
    'refuse %s as JSON',
    (data) => {
      expect(() => decode(data, floats(1))).toThrow(/not JSON/);
    },
  );

  it('never fail otherwise than with invalid_input, whatever the bytes', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"data"',
      '"inputs"',
      '"name"',
      '"x"',
      '"shape"',
      '"datatype"',
      '"FP32"',
      '1',
      '-',
      '0.5',
      '\\',
      '"',
      ' ',
      'e9',
      'null',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        expect(['taken', 'invalid_input']).toContain(outcomeOf(Buffer.from(parts.join(''))));
      }),
    );
  });
});
