// What nodes are made of: nodes with the same hardware are looked at once for a shape.
import type { Device, NodeDescription } from '@baton/contracts';

/** Devices of a node that no shape can tell apart. */
export interface DeviceGroup {
  readonly kind: Device['kind'];
  readonly model: string;
  readonly memoryBytes: number;
  readonly count: number;
}

export interface Hardware {
  /** Counts up from 0 in its catalogue. */
  readonly id: number;
  readonly groups: readonly DeviceGroup[];
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly hasDocker: boolean;
}

/** A mask of groups has 32 bits; what is beyond counts as part of the last. */
const LAST_BIT = 31;

export class HardwareCatalogue {
  readonly #known = new Map<string, Hardware>();

  of(description: NodeDescription): Hardware {
    const groups = groupsOf(description.devices);
    const { cpus, memoryBytes } = description;
    const hasDocker = runsContainers(description);
    const key = JSON.stringify([cpus, memoryBytes, hasDocker, groups]);
    const known = this.#known.get(key);
    if (known) return known;
    const hardware = { id: this.#known.size, groups, cpus, memoryBytes, hasDocker };
    this.#known.set(key, hardware);
    return hardware;
  }
}

function groupsOf(devices: readonly Device[]): DeviceGroup[] {
  const groups = new Map<string, DeviceGroup>();
  for (const { kind, model, memoryBytes } of devices) {
    const key = JSON.stringify([kind, memoryBytes, model]);
    groups.set(key, { kind, model, memoryBytes, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return [...groups].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => group);
}

export function bitOf(hardware: Hardware, device: Device): number {
  const index = hardware.groups.findIndex(
    ({ kind, model, memoryBytes }) =>
      kind === device.kind && model === device.model && memoryBytes === device.memoryBytes,
  );
  return bit(index);
}

export function bit(group: number): number {
  return 1 << Math.min(group, LAST_BIT);
}

export function runsContainers({ runtimes = [] }: Pick<NodeDescription, 'runtimes'>): boolean {
  return runtimes.includes('docker');
}
