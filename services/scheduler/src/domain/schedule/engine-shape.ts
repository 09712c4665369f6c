// A job's shape: from its specification, and as a key that is equal for equal shapes.
import { partOf, type PinnedSpec, TWENTIETHS_OF_DEVICE, twentiethsOf } from '@baton/contracts';
import type { EngineShape } from './engine-model.ts';

type ShapingSpec = Pick<
  PinnedSpec,
  'resources' | 'nodeId' | 'nodes' | 'environment' | 'requires' | 'prefers' | 'exclusive'
>;

/** A job that asks for no GPU takes one CPU slot. */
export function engineShapeOf(spec: ShapingSpec): EngineShape {
  const { gpus, cpus, memoryBytes, gpuModel, gpuMemoryBytes = 0 } = spec.resources;
  const twentieths = sharedTwentieths(spec.resources);
  return {
    deviceKind: gpus > 0 ? 'gpu' : 'cpu',
    devices: twentieths === null && gpus > 0 ? gpus : 1,
    ...(twentieths === null ? {} : { twentieths }),
    cpus,
    memoryBytes,
    nodeId: spec.nodeId,
    nodes: spec.nodes ?? 1,
    inContainer: spec.environment.image !== undefined,
    gpuModel: gpuModel ?? null,
    gpuMemoryBytes,
    requiredLabels: spec.requires ?? {},
    preferredLabels: spec.prefers ?? {},
    exclusive: spec.exclusive ?? false,
  };
}

/** What it has of its one device; null where it has its devices alone. */
function sharedTwentieths({ gpus, cpuSlots }: PinnedSpec['resources']): number | null {
  if (gpus === 0) return cpuSlots === undefined ? null : twentiethsOf(cpuSlots);
  return gpus < 1 ? twentiethsOf(gpus) : null;
}

/** Does not depend on the order in which labels were written, nor on the case of the model's name. */
export function engineShapeKey(shape: EngineShape): string {
  let key = keys.get(shape);
  if (key === undefined) keys.set(shape, (key = keyOf(shape)));
  return key;
}

/** Shapes are shared between jobs, and asked again and again. */
const keys = new WeakMap<EngineShape, string>();

function keyOf(shape: EngineShape): string {
  return JSON.stringify([
    shape.deviceKind,
    shape.twentieths === undefined ? shape.devices : partOf(shape.twentieths),
    shape.nodes,
    shape.cpus,
    shape.memoryBytes,
    shape.nodeId,
    shape.inContainer,
    shape.gpuModel?.toLowerCase() ?? null,
    shape.gpuMemoryBytes,
    sorted(shape.requiredLabels),
    sorted(shape.preferredLabels),
    shape.exclusive,
  ]);
}

/** Devices on all its nodes together; of one that shares a device its part of it. */
export function allDevices(shape: EngineShape): number {
  return shape.twentieths === undefined ? shape.devices * shape.nodes : partOf(shape.twentieths);
}

/** The same in whole numbers: what is added and taken away leaves nothing behind. */
export function allTwentieths(shape: EngineShape): number {
  return shape.twentieths ?? shape.devices * shape.nodes * TWENTIETHS_OF_DEVICE;
}

/** What a CPU slot counts in fair shares; a GPU counts 1. */
const CPU_SLOT_SHARE = 1 / 16;

/** The devices that its owner's share is charged for while it runs. */
export function chargedDevices(shape: EngineShape): number {
  return allDevices(shape) * (shape.deviceKind === 'gpu' ? 1 : CPU_SLOT_SHARE);
}

function sorted(labels: Readonly<Record<string, string>>): (readonly [string, string])[] {
  return Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
