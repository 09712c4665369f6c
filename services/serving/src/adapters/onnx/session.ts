// An ONNX session in protocol terms: its signature, and running concatenated requests. Blocks the thread it runs on.
import * as ort from 'onnxruntime-node';
import { join } from './batch.ts';
import type { Datatype, Tensor, TensorData, TensorSpec } from '../../app/tensor.ts';

const DATATYPE: Readonly<Record<string, Datatype>> = {
  bool: 'BOOL',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
};
const ONNX_TYPE = Object.fromEntries(Object.entries(DATATYPE).map(([type, datatype]) => [datatype, type])) as Record<
  Datatype,
  ort.Tensor.Type
>;

export interface Session {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Whether the first dimension of every input and output is free. */
  readonly freeRows: boolean;
  /** Each part holds every input; parts are joined along the first dimension. */
  run(parts: readonly (readonly Tensor[])[]): Promise<Tensor[]>;
  release(): Promise<void>;
}

/** Throws the runtime's own error if the model does not parse, and a plain one if it can't be served. */
export async function openSession(path: string, intraOpThreads: number): Promise<Session> {
  const options: ort.InferenceSession.SessionOptions = {
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: 1,
    // Errors are answered to the caller; the runtime would print them as well.
    logSeverityLevel: 4,
    // Idle threads that spin would keep a core busy.
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  };
  const session = await ort.InferenceSession.create(path, options);
  const inputs = session.inputMetadata.map(specOf);
  // Classifiers of scikit-learn also give maps of probabilities, which the protocol has no form for.
  const outputs = session.outputMetadata.filter((value) => value.isTensor).map(specOf);
  if (outputs.length === 0) throw new Error('the model gives no tensor');
  const names = outputs.map((output) => output.name);
  return {
    inputs,
    outputs,
    freeRows: [...inputs, ...outputs].every((spec) => spec.shape[0] === -1),
    async run(parts) {
      const feeds: Record<string, ort.Tensor> = {};
      for (const [index, { datatype, data, shape }] of join(parts).entries()) {
        feeds[inputs[index]?.name ?? ''] = new ort.Tensor(ONNX_TYPE[datatype], data as never, shape);
      }
      const results = await session.run(feeds, names);
      return outputs.map(({ name, datatype }) => {
        const { dims, data } = results[name] as ort.Tensor;
        return { datatype, shape: dims, data: data as TensorData };
      });
    },
    release: () => session.release(),
  };
}

function specOf(value: ort.InferenceSession.ValueMetadata): TensorSpec {
  if (!value.isTensor) throw new Error(`${value.name} is no tensor; only tensors can be served`);
  const datatype = DATATYPE[value.type];
  if (!datatype) throw new Error(`${value.name} has the type ${value.type}, which can not be served`);
  return {
    name: value.name,
    datatype,
    shape: value.shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1)),
  };
}
