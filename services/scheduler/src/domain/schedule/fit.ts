// Whether a shape fits a node: ever, and now; each "no" with its reason.
import type { Device, Issue, NodeDescription, WaitCode } from '@baton/contracts';
import type { NodeSnapshot, Shape } from './snapshot.ts';

/** What the node lacks for the shape even when it is empty; none if it can hold it. Sentences for people. */
export function lacks(shape: Shape, node: Pick<NodeSnapshot, 'id' | 'description'>): string[] {
  const { description } = node;
  const found: string[] = [];
  if (shape.nodeId !== null && shape.nodeId !== node.id) found.push('it is not the node that was asked for');
  const devices = description.devices.filter((device) => suits(shape, device)).length;
  if (devices < shape.devices) found.push(`it has ${devices} ${deviceWords(shape)}, ${shape.devices} asked`);
  if (description.cpus < shape.cpus) found.push(`it has ${description.cpus} CPUs, ${shape.cpus} asked`);
  if (description.memoryBytes < shape.memoryBytes) {
    found.push(`it has ${gib(description.memoryBytes)} of memory, ${gib(shape.memoryBytes)} asked`);
  }
  if (shape.inContainer && !runsContainers(description)) found.push('it runs no containers: there is no docker');
  return [...found, ...lackingLabels(shape, description)];
}

/** Whether it is such a device as the shape asks for. */
export function suits(
  shape: Shape,
  { kind, model, memoryBytes }: Pick<Device, 'kind' | 'model' | 'memoryBytes'>,
): boolean {
  if (kind !== shape.deviceKind || memoryBytes < shape.gpuMemoryBytes) return false;
  return shape.gpuModel === null || model.toLowerCase().includes(shape.gpuModel.toLowerCase());
}

function deviceWords({ deviceKind, gpuModel, gpuMemoryBytes }: Shape): string {
  if (deviceKind === 'cpu') return 'CPU slots';
  const model = gpuModel === null ? '' : ` of model ${gpuModel}`;
  return `GPUs${model}${gpuMemoryBytes === 0 ? '' : ` with ${gib(gpuMemoryBytes)} of memory`}`;
}

/** A sentence for each that the node has not. */
export function lackingLabels({ requiredLabels }: Shape, { labels }: Pick<NodeDescription, 'labels'>): string[] {
  return Object.entries(requiredLabels).flatMap(([name, value]) => {
    if (labels[name] === value) return [];
    const has = labels[name] === undefined ? `no label ${name}` : `the label ${name}=${labels[name]}`;
    return [`it has ${has}, ${name}=${value} required`];
  });
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

export type Placement =
  | { readonly fits: true; readonly devices: string[] }
  | { readonly fits: false; readonly code: WaitCode };

/** The devices that the shape would get on the node now, or why it gets none. */
export function place(shape: Shape, node: NodeSnapshot): Placement {
  if (node.refuses !== null) return { fits: false, code: node.refuses };
  const free = freeDevices(node, shape);
  if (mustBeAlone(shape, node)) return { fits: false, code: 'devices-busy' };
  if (free.length < shape.devices) return { fits: false, code: 'devices-busy' };
  if (node.usedCpus + shape.cpus > node.description.cpus) return { fits: false, code: 'cpus-busy' };
  if (node.usedMemoryBytes + shape.memoryBytes > node.description.memoryBytes)
    return { fits: false, code: 'memory-busy' };
  return { fits: true, devices: free.slice(0, shape.devices).map((device) => device.id) };
}

/** Such as the shape asks for, and neither held, nor promised, nor out of service. */
export function freeDevices(node: NodeSnapshot, shape: Shape): Device[] {
  return soundDevices(node, shape).filter((device) => !node.held.has(device.id));
}

/** Those that are in service, of such as the shape asks for. */
export function soundDevices({ description }: Pick<NodeSnapshot, 'description'>, shape: Shape): Device[] {
  return description.devices.filter((device) => device.fault === undefined && suits(shape, device));
}

/** Something else is on the node, and one of the two wants it for itself. */
export function mustBeAlone(shape: Shape, { attempts }: Pick<NodeSnapshot, 'attempts'>): boolean {
  return attempts.length > 0 && (shape.exclusive || attempts.some((attempt) => attempt.shape.exclusive));
}
