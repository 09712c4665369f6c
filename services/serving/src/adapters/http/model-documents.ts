// The protocol's documents about a model: metadata, configuration, statistics, index.
import type { ServedEndpoint } from '../../app/served-endpoint.ts';
import type { ServedModel } from '../../app/served-model.ts';
import type { Duration } from '../../app/figures.ts';
import type { BatcherLimits } from '../../app/batcher.ts';

const PLATFORM = 'onnx_onnxv1';

export function metadata(name: string, model: ServedModel): object {
  const { inputs, outputs } = model.signature;
  return { name, versions: [model.version], platform: PLATFORM, inputs, outputs };
}

/** `max_batch_size` 0: requests run one by one. */
export function configuration(name: string, model: ServedModel, limits: BatcherLimits): object {
  const { inputs, outputs, batches } = model.signature;
  const tensor = (spec: (typeof inputs)[number]) => ({
    name: spec.name,
    data_type: `TYPE_${spec.datatype === 'BYTES' ? 'STRING' : spec.datatype}`,
    dims: spec.shape,
  });
  return {
    name,
    platform: PLATFORM,
    backend: 'onnxruntime',
    max_batch_size: batches ? limits.batchRows : 0,
    input: inputs.map(tensor),
    output: outputs.map(tensor),
    instance_group: [{ kind: 'KIND_CPU', count: 1 }],
  };
}

export function statistics(name: string, model: ServedModel): object {
  const { figures } = model;
  const ok = figures.requests - figures.failed;
  const compute = nanoseconds(ok, figures.computeMs);
  const none: Duration = { count: ok, ns: 0 };
  return {
    name,
    version: model.version,
    last_inference: figures.lastAt,
    inference_count: figures.rows,
    execution_count: figures.runs,
    inference_stats: {
      success: nanoseconds(ok, figures.computeMs + figures.queueMs),
      fail: nanoseconds(figures.failed, 0),
      queue: nanoseconds(figures.requests, figures.queueMs),
      compute_input: none,
      compute_infer: compute,
      compute_output: none,
    },
    batch_stats: figures.batches.map(({ requests, runs }) => ({ batch_size: requests, compute_infer: runs })),
  };
}

export function indexEntry(endpoint: ServedEndpoint): object {
  const version = endpoint.model?.version ?? String(endpoint.details.target.version);
  const state = endpoint.model ? 'READY' : endpoint.state === 'loading' ? 'LOADING' : 'UNAVAILABLE';
  return { name: endpoint.details.name, version, state, reason: endpoint.fault ?? '' };
}

function nanoseconds(count: number, ms: number): Duration {
  return { count, ns: Math.round(ms * 1e6) };
}
