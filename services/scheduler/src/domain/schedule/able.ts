// What nodes lack for a shape even when they are empty; with it, whether a job can ever run.
import type { Device, Issue, NodeDescription } from '@baton/contracts';
import type { EngineShape } from './engine-model.ts';
import { bit, type Hardware, runsContainers } from './hardware.ts';
import { sharesFor } from './shared-devices.ts';

export interface DescribedNode {
  readonly id: string;
  readonly jobsPerDevice?: number;
  readonly description: NodeDescription;
}

type DeviceTraits = Pick<Device, 'kind' | 'model' | 'memoryBytes'>;

/** Whether a device is of the sort that the shape asks for. Model and memory are asked of GPUs only. */
export function suits(shape: EngineShape, { kind, model, memoryBytes }: DeviceTraits): boolean {
  if (kind !== shape.deviceKind) return false;
  if (kind === 'cpu') return true;
  const isModel = shape.gpuModel === null || model.toLowerCase().includes(shape.gpuModel.toLowerCase());
  return isModel && memoryBytes >= shape.gpuMemoryBytes;
}

/** The groups of devices that suit, as a mask; 0 if the hardware can't hold the shape. */
export function suitableGroups(shape: EngineShape, hardware: Hardware): number {
  if (hardware.cpus < shape.cpus || hardware.memoryBytes < shape.memoryBytes) return 0;
  if (shape.inContainer && !hardware.hasDocker) return 0;
  let mask = 0;
  let count = 0;
  for (const [index, group] of hardware.groups.entries()) {
    if (!suits(shape, group)) continue;
    mask |= bit(index);
    count += group.count;
  }
  return count >= shape.devices ? mask : 0;
}

export function hasRequiredLabels(shape: EngineShape, labels: Readonly<Record<string, string>>): boolean {
  for (const name in shape.requiredLabels) if (labels[name] !== shape.requiredLabels[name]) return false;
  return true;
}

export function countPreferredLabels(shape: EngineShape, labels: Readonly<Record<string, string>>): number {
  let count = 0;
  for (const name in shape.preferredLabels) if (labels[name] === shape.preferredLabels[name]) count += 1;
  return count;
}

/** What the node lacks for the shape even when it is empty; none if it can hold it. Sentences for people. */
export function lacks(shape: EngineShape, node: DescribedNode): string[] {
  const { description } = node;
  const found: string[] = [];
  if (shape.nodeId !== null && shape.nodeId !== node.id) found.push('it is not the node that was asked for');
  const devices = description.devices.filter((device) => suits(shape, device)).length;
  if (devices < shape.devices) found.push(`it has ${devices} ${deviceWords(shape)}, ${shape.devices} asked`);
  if (!sharesFor(shape, node)) found.push('it lets no jobs share a device');
  if (description.cpus < shape.cpus) found.push(`it has ${description.cpus} CPUs, ${shape.cpus} asked`);
  if (description.memoryBytes < shape.memoryBytes) {
    found.push(`it has ${gib(description.memoryBytes)} of memory, ${gib(shape.memoryBytes)} asked`);
  }
  if (shape.inContainer && !runsContainers(description)) found.push('it runs no containers: there is no docker');
  return [...found, ...lackingLabels(shape, description)];
}

function deviceWords({ deviceKind, gpuModel, gpuMemoryBytes }: EngineShape): string {
  if (deviceKind === 'cpu') return 'CPU slots';
  const model = gpuModel === null ? '' : ` of model ${gpuModel}`;
  return `GPUs${model}${gpuMemoryBytes === 0 ? '' : ` with ${gib(gpuMemoryBytes)} of memory`}`;
}

/** A sentence for each that the node has not. */
export function lackingLabels({ requiredLabels }: EngineShape, { labels }: Pick<NodeDescription, 'labels'>): string[] {
  return Object.entries(requiredLabels).flatMap(([name, value]) => {
    if (labels[name] === value) return [];
    const has = labels[name] === undefined ? `no label ${name}` : `the label ${name}=${labels[name]}`;
    return [`it has ${has}, ${name}=${value} required`];
  });
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** Why the shape can never be placed on these nodes; null if it can, and while there is none: the first may still join. */
export function whyNever(
  shape: EngineShape,
  nodes: readonly DescribedNode[],
): { readonly message: string; readonly issues: readonly Issue[] } | null {
  const faults = nodes
    .map((node) => {
      const lacking = lacks(shape, node);
      const isOfLabels = lacking.length === lackingLabels(shape, node.description).length;
      return { name: node.description.name, lacks: lacking, pointer: isOfLabels ? '/requires' : '/resources' };
    })
    .filter((fault) => fault.lacks.length > 0);
  const able = nodes.length - faults.length;
  if (nodes.length === 0 || able >= shape.nodes) return null;
  const detail = faults.map((fault) => ` ${fault.name}: ${fault.lacks.join(', ')}`).join(';');
  const issues = faults.map((fault) => ({
    pointer: fault.pointer,
    detail: `node ${fault.name}: ${fault.lacks.join(', ')}`,
  }));
  if (shape.nodes === 1)
    return { message: `No node can ever run this job.${detail}. Ask for less, or add a node.`, issues };
  const count = `${able} of ${nodes.length} nodes could hold a part of this job, ${shape.nodes} asked`;
  const message = `${count}.${detail}${detail === '' ? '' : '.'} Ask for less, or add a node.`;
  return { message, issues: [{ pointer: '/nodes', detail: count }, ...issues] };
}
