// The JSON form of inference requests and responses (Open Inference Protocol v2).
//
// Numbers that JSON or JavaScript can not hold plainly:
// - INT64 and UINT64 are exact over their whole range, written and read as plain digits, also above 2^53.
// - NaN and infinities are written as the texts "NaN", "Infinity" and "-Infinity", and read from them (as protobuf's JSON does).
import { PlatformError } from '@baton/errors';
import type { Signature, Tensor, TensorSpec } from '../../app/tensor.ts';
import type { DecodedRequest, Encoded, InferenceResponse, TensorCodec } from './codec.ts';
import { exactIntegers, readTensorData } from './json-data.ts';
import { writeData } from './json-numbers.ts';

const HEADERS = { 'content-type': 'application/json; charset=utf-8' } as const;

export const jsonCodec: TensorCodec = { decode, encode };

function decode(body: Buffer, signature: Signature): DecodedRequest {
  const message = membersOf(parse(body, signature), 'The request');
  if (message['id'] !== undefined && typeof message['id'] !== 'string') throw bad('"id" must be a text');
  return {
    id: message['id'],
    inputs: inputsOf(message['inputs'], signature.inputs, body.length),
    outputs: outputsOf(message['outputs'], signature.outputs),
  };
}

/** JSON.parse over 512 numbers takes what a scanner of our own took: it was measured, and is not the wall. */
function parse(body: Buffer, { inputs }: Signature): unknown {
  const text = body.toString('utf8');
  try {
    const hasWide = inputs.some(({ datatype }) => datatype === 'INT64' || datatype === 'UINT64');
    return hasWide ? exactIntegers(text) : JSON.parse(text);
  } catch (cause) {
    throw new PlatformError(
      'invalid_input',
      `The request is not JSON: ${cause instanceof Error ? cause.message : 'it can not be read'}.`,
      { cause },
    );
  }
}

function inputsOf(value: unknown, specs: readonly TensorSpec[], bodyBytes: number): Tensor[] {
  if (!Array.isArray(value)) throw bad('"inputs" must be a list of tensors');
  const byName = new Map<string, Record<string, unknown>>();
  for (const item of value as unknown[]) {
    const input = membersOf(item, 'An input');
    const name = input['name'];
    if (typeof name !== 'string') throw bad('each input needs a "name"');
    if (byName.has(name)) throw bad(`input "${name}" is given twice`);
    if (!specs.some((spec) => spec.name === name))
      throw bad(`the model has no input "${name}"; it takes ${namesOf(specs)}`);
    byName.set(name, input);
  }
  return specs.map((spec) => {
    const input = byName.get(spec.name);
    if (!input) throw bad(`input "${spec.name}" is missing`);
    return tensorOf(input, spec, bodyBytes);
  });
}

function tensorOf(input: Record<string, unknown>, spec: TensorSpec, bodyBytes: number): Tensor {
  const { datatype, name } = spec;
  if (input['datatype'] !== datatype)
    throw bad(`input "${name}" must have the datatype ${datatype}, not ${JSON.stringify(input['datatype'])}`);
  const shape = shapeOf(input['shape'], spec);
  if (input['data'] === undefined) throw bad(`input "${name}" has no "data"`);
  const length = shape.reduce((product, dimension) => product * dimension, 1);
  // Each element takes at least a digit and a separator: a shape that claims more than the body holds is not allocated.
  if (length > bodyBytes)
    throw bad(
      `input "${name}": the shape ${JSON.stringify(shape)} needs ${length} elements, more than the request holds`,
    );
  return { datatype, shape, data: readTensorData(input['data'], { name, datatype, shape, length }) };
}

function shapeOf(value: unknown, spec: TensorSpec): number[] {
  const wanted = JSON.stringify(spec.shape);
  const shown = JSON.stringify(value);
  if (!Array.isArray(value) || value.length !== spec.shape.length)
    throw bad(`input "${spec.name}" must have a shape like ${wanted}, not ${shown}`);
  return (value as unknown[]).map((dimension, axis) => {
    const expected = spec.shape[axis] ?? -1;
    const isCount = typeof dimension === 'number' && Number.isSafeInteger(dimension) && dimension > 0;
    if (!isCount || (expected >= 0 && dimension !== expected)) {
      throw bad(`input "${spec.name}" must have a shape like ${wanted} (-1: any positive number), not ${shown}`);
    }
    return dimension;
  });
}

function outputsOf(value: unknown, specs: readonly TensorSpec[]): number[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw bad('"outputs" must be a list');
  if (value.length === 0) return undefined;
  return (value as unknown[]).map((item) => {
    const name = membersOf(item, 'An output')['name'];
    const index = specs.findIndex((spec) => spec.name === name);
    if (index < 0) throw bad(`the model has no output ${JSON.stringify(name)}; it gives ${namesOf(specs)}`);
    return index;
  });
}

/** Built as text: the numbers make nearly all of the work, and have a writer of their own. */
function encode(response: InferenceResponse): Encoded {
  const id = response.id === undefined ? '' : `"id":${JSON.stringify(response.id)},`;
  const outputs = response.outputs.map(
    ({ name, tensor }) =>
      `{"name":${JSON.stringify(name)},"datatype":"${tensor.datatype}","shape":[${tensor.shape.join(',')}],"data":${writeData(tensor.data, tensor.datatype)}}`,
  );
  const head = `{"model_name":${JSON.stringify(response.model)},"model_version":"${response.version}",${id}"outputs":[`;
  return { body: `${head}${outputs.join(',')}]}`, headers: HEADERS };
}

function membersOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`${what} must be a JSON object`);
  return value as Record<string, unknown>;
}

function namesOf(specs: readonly TensorSpec[]): string {
  return specs.map((spec) => `"${spec.name}"`).join(', ');
}

function bad(message: string): PlatformError {
  return new PlatformError('invalid_input', message);
}
