// Specifications, nodes and queues for tests.
import type { NodeDescription, PinnedSpec } from '@baton/contracts';

export function aSpec(change: Partial<PinnedSpec> = {}): PinnedSpec {
  return {
    name: 'train',
    code: null,
    command: ['true'],
    datasets: [],
    env: {},
    secrets: [],
    resources: { gpus: 0, cpus: 0, memoryBytes: 0 },
    nodeId: null,
    timeLimitMs: null,
    retries: 0,
    environment: {},
    outputs: { model: null },
    labels: {},
    ...change,
  };
}

export function aDescription(name: string, slots: { cpu?: number; gpu?: number }): NodeDescription {
  const devices = (['cpu', 'gpu'] as const).flatMap((kind) =>
    Array.from({ length: slots[kind] ?? 0 }, (_, index) => ({
      id: `${kind}-${index}`,
      kind,
      index,
      model: kind,
      memoryBytes: 0,
    })),
  );
  return { name, devices, cpus: 8, memoryBytes: 2 ** 34, labels: {}, agentVersion: '0' };
}
