// Small ONNX models without Python: a hand-encoded ModelProto (protobuf wire format, onnx.proto3).

export type OnnxType = keyof typeof ELEMENT_TYPE;
const ELEMENT_TYPE = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
} as const;

export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  /** A text is a free dimension's name. */
  readonly shape: readonly (number | string)[];
}
export interface OnnxConstant {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  /** Little-endian. */
  readonly data: ArrayBufferView;
  /** The file beside the model that holds the data instead, as exporters write large weights. */
  readonly file?: string;
}
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}
export interface OnnxGraph {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly nodes: readonly OnnxNode[];
  readonly constants?: readonly OnnxConstant[];
}

/** The bytes of an `.onnx` file: IR version 8, opset 17. */
export function onnxModel(graph: OnnxGraph): Uint8Array {
  const encoded = Buffer.concat([
    ...graph.nodes.map((node) => bytesField(1, nodeProto(node))),
    textField(2, 'graph'),
    ...(graph.constants ?? []).map((constant) => bytesField(5, tensorProto(constant))),
    ...graph.inputs.map((value) => bytesField(11, valueInfo(value))),
    ...graph.outputs.map((value) => bytesField(12, valueInfo(value))),
  ]);
  const opset = Buffer.concat([textField(1, ''), intField(2, 17)]);
  return Buffer.concat([intField(1, 8), textField(2, 'baton'), bytesField(7, encoded), bytesField(8, opset)]);
}

/** `y = x * scale` over rows of `width` floats; the first dimension is free. */
export function scaleModel(scale: number, width: number): Uint8Array {
  return onnxModel({
    inputs: [{ name: 'x', type: 'float', shape: ['batch', width] }],
    outputs: [{ name: 'y', type: 'float', shape: ['batch', width] }],
    nodes: [{ op: 'Mul', inputs: ['x', 'scale'], outputs: ['y'] }],
    constants: [{ name: 'scale', type: 'float', shape: [1], data: Float32Array.of(scale) }],
  });
}

/** Dense layers with ReLU between them: `x` [batch, widths[0]] to `y` [batch, last width]; the same weights every time. */
export function mlpModel(widths: readonly number[]): Uint8Array {
  const nodes: OnnxNode[] = [];
  const constants: OnnxConstant[] = [];
  const layers = widths.length - 1;
  for (let layer = 0; layer < layers; layer++) {
    const [from, to] = [widths[layer] ?? 1, widths[layer + 1] ?? 1];
    const isLast = layer === layers - 1;
    constants.push({
      name: `w${layer}`,
      type: 'float',
      shape: [from, to],
      data: weights(from * to, Math.sqrt(6 / from), layer + 1),
    });
    constants.push({ name: `b${layer}`, type: 'float', shape: [to], data: weights(to, 0.1, layer + 101) });
    const dense = isLast ? 'y' : `d${layer}`;
    nodes.push({
      op: 'Gemm',
      inputs: [layer === 0 ? 'x' : `h${layer - 1}`, `w${layer}`, `b${layer}`],
      outputs: [dense],
    });
    if (!isLast) nodes.push({ op: 'Relu', inputs: [dense], outputs: [`h${layer}`] });
  }
  return onnxModel({
    inputs: [{ name: 'x', type: 'float', shape: ['batch', widths[0] ?? 1] }],
    outputs: [{ name: 'y', type: 'float', shape: ['batch', widths.at(-1) ?? 1] }],
    nodes,
    constants,
  });
}

/** Uniform in [-limit, limit], from a linear congruential generator. */
function weights(count: number, limit: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * limit;
  });
}

function nodeProto(node: OnnxNode): Buffer {
  return Buffer.concat([
    ...node.inputs.map((name) => textField(1, name)),
    ...node.outputs.map((name) => textField(2, name)),
    textField(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) => bytesField(5, attributeProto(name, value))),
  ]);
}

/** Integers only: AttributeProto.INT (2) and INTS (7). */
function attributeProto(name: string, value: number | readonly number[]): Buffer {
  const body =
    typeof value === 'number'
      ? [intField(3, value), intField(20, 2)]
      : [...value.map((item) => intField(8, item)), intField(20, 7)];
  return Buffer.concat([textField(1, name), ...body]);
}

function tensorProto(constant: OnnxConstant): Buffer {
  const { buffer, byteOffset, byteLength } = constant.data;
  const location = Buffer.concat([textField(1, 'location'), textField(2, constant.file ?? '')]);
  const content =
    constant.file === undefined
      ? bytesField(9, Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength))
      : Buffer.concat([bytesField(13, location), intField(14, 1)]);
  return Buffer.concat([
    ...constant.shape.map((dimension) => intField(1, dimension)),
    intField(2, ELEMENT_TYPE[constant.type]),
    textField(8, constant.name),
    content,
  ]);
}

function valueInfo(value: OnnxValue): Buffer {
  const dimensions = value.shape.map((dimension) =>
    bytesField(1, typeof dimension === 'number' ? intField(1, dimension) : textField(2, dimension)),
  );
  const tensor = Buffer.concat([intField(1, ELEMENT_TYPE[value.type]), bytesField(2, Buffer.concat(dimensions))]);
  return Buffer.concat([textField(1, value.name), bytesField(2, bytesField(1, tensor))]);
}

function intField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function textField(field: number, text: string): Buffer {
  return bytesField(field, Buffer.from(text, 'utf8'));
}

function bytesField(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(content.byteLength), content]);
}

/** Negative numbers as 64-bit two's complement. */
function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  out.push(Number(rest));
  return Buffer.from(out);
}
