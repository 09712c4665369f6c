// A job's shape, as a person says it.
import { partOf } from '@baton/contracts';
import type { EngineShape } from './engine-model.ts';

/** Such as `2 nodes with 8 GPUs (A100, 40 GiB) each, 16 CPUs`. */
export function shapeWords(shape: EngineShape): string {
  const { nodes, cpus, memoryBytes, requiredLabels, exclusive } = shape;
  const labels = Object.entries(requiredLabels).map(([name, value]) => `${name}=${value}`);
  const devices = nodes === 1 ? deviceWords(shape) : `${nodes} nodes with ${deviceWords(shape)} each`;
  return [
    devices,
    cpus === 0 ? '' : count(cpus, 'CPU'),
    memoryBytes === 0 ? '' : gib(memoryBytes),
    exclusive ? 'a node of its own' : '',
    ...labels,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function deviceWords({ deviceKind, devices, twentieths, gpuModel, gpuMemoryBytes }: EngineShape): string {
  const part = twentieths === undefined ? '' : `${partOf(twentieths)} of a `;
  if (deviceKind === 'cpu') return part === '' ? count(devices, 'CPU slot') : `${part}CPU slot`;
  const kind = [gpuModel ?? '', gpuMemoryBytes === 0 ? '' : gib(gpuMemoryBytes)].filter((part) => part !== '');
  return `${part === '' ? count(devices, 'GPU') : `${part}GPU`}${kind.length === 0 ? '' : ` (${kind.join(', ')})`}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function gib(bytes: number): string {
  return `${Number((bytes / 2 ** 30).toPrecision(3))} GiB`;
}
