// Whether a shape fits a node: ever, and now; each "no" with its reason.
import type { Device, Issue, NodeDescription, WaitCode } from '@baton/contracts';
import { type NodeSnapshot, type Shape, soundDevices } from './snapshot.ts';

/** What the node lacks for the shape even when it is empty; none if it can hold it. Sentences for people. */
export function lacks(shape: Shape, node: Pick<NodeSnapshot, 'id' | 'description'>): string[] {
  const { description } = node;
  const found: string[] = [];
  if (shape.nodeId !== null && shape.nodeId !== node.id) found.push('it is not the node that was asked for');
  const devices = description.devices.filter((device) => device.kind === shape.deviceKind).length;
  if (devices < shape.devices) {
    const what = shape.deviceKind === 'gpu' ? 'GPUs' : 'CPU slots';
    found.push(`it has ${devices} ${what}, ${shape.devices} asked`);
  }
  if (description.cpus < shape.cpus) found.push(`it has ${description.cpus} CPUs, ${shape.cpus} asked`);
  if (description.memoryBytes < shape.memoryBytes) {
    found.push(`it has ${gib(description.memoryBytes)} of memory, ${gib(shape.memoryBytes)} asked`);
  }
  if (shape.inContainer && !runsContainers(description)) found.push('it runs no containers: there is no docker');
  return found;
}

export function runsContainers({ runtimes = [] }: Pick<NodeDescription, 'runtimes'>): boolean {
  return runtimes.includes('docker');
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** Why the shape can never be placed on these nodes; null if it can, and while there is none: the first may still join. */
export function whyNever(
  shape: Shape,
  nodes: readonly Pick<NodeSnapshot, 'id' | 'description'>[],
): { readonly message: string; readonly issues: readonly Issue[] } | null {
  const faults = nodes
    .map((node) => ({ name: node.description.name, lacks: lacks(shape, node) }))
    .filter((fault) => fault.lacks.length > 0);
  const able = nodes.length - faults.length;
  if (nodes.length === 0 || able >= shape.nodes) return null;
  const detail = faults.map((fault) => ` ${fault.name}: ${fault.lacks.join(', ')}`).join(';');
  const issues = faults.map((fault) => ({
    pointer: '/resources',
    detail: `node ${fault.name}: ${fault.lacks.join(', ')}`,
  }));
  if (shape.nodes === 1)
    return { message: `No node can ever run this job.${detail}. Ask for less, or add a node.`, issues };
  const count = `${able} of ${nodes.length} nodes could hold a part of this job, ${shape.nodes} asked`;
  const message = `${count}.${detail}${detail === '' ? '' : '.'} Ask for less, or add a node.`;
  return { message, issues: [{ pointer: '/nodes', detail: count }, ...issues] };
}

export type Placement =
  | { readonly fits: true; readonly devices: string[] }
  | { readonly fits: false; readonly code: WaitCode };

/** The devices that the shape would get on the node now, or why it gets none. */
export function place(shape: Shape, node: NodeSnapshot): Placement {
  if (node.refuses !== null) return { fits: false, code: node.refuses };
  const free = freeDevices(node, shape.deviceKind);
  if (free.length < shape.devices) return { fits: false, code: 'devices-busy' };
  if (node.usedCpus + shape.cpus > node.description.cpus) return { fits: false, code: 'cpus-busy' };
  if (node.usedMemoryBytes + shape.memoryBytes > node.description.memoryBytes)
    return { fits: false, code: 'memory-busy' };
  return { fits: true, devices: free.slice(0, shape.devices).map((device) => device.id) };
}

/** Neither held, nor promised, nor out of service. */
export function freeDevices(node: NodeSnapshot, kind: Device['kind']): Device[] {
  return soundDevices(node, kind).filter((device) => !node.held.has(device.id));
}
