// Nodes that are all alike, as the engine knows them.
import type { EngineNode } from '@baton/scheduler';

const CPUS = 1_024;
const MEMORY_BYTES = 2 ** 50;

/** Of processors and memory there is always enough: the traces say nothing of them. */
export function alikeNodes(count: number, gpusPerNode: number, jobsPerDevice = 1): readonly EngineNode[] {
  const devices = Array.from({ length: gpusPerNode }, (_, index) => ({
    id: `gpu-${index}`,
    kind: 'gpu' as const,
    index,
    model: 'simulated',
    memoryBytes: 0,
  }));
  const width = String(count).length;
  return Array.from({ length: count }, (_, index) => {
    const name = `node-${String(index + 1).padStart(width, '0')}`;
    return {
      id: name,
      description: { name, devices, cpus: CPUS, memoryBytes: MEMORY_BYTES, labels: {}, agentVersion: 'simulated' },
      refuses: null,
      ...(jobsPerDevice > 1 ? { jobsPerDevice } : {}),
    };
  });
}
