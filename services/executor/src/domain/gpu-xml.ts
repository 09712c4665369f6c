// Reads what `nvidia-smi -q -x` prints, with `nvidia-smi -L` for the names of MIG instances.
import type { Device } from '@baton/contracts';
import { faultOf } from './gpu-faults.ts';
import { elementAt, parseXml, textAt, type XmlElement } from './xml.ts';

export const XML_QUERY = ['-q', '-x'];
export const LISTING = ['-L'];
const MIB = 1024 * 1024;

/** A device without its place among the others. */
export type FoundDevice = Omit<Device, 'index'>;

export interface GpuCard {
  /** As `busIdOf` writes it. */
  readonly busId: string;
  /** The card itself, or its MIG instances; none if the card can't tell who it is. */
  readonly devices: readonly FoundDevice[];
  readonly fault: string | null;
}

/** Null if the text is no answer at all. */
export function parseGpuXml(text: string, listing = ''): GpuCard[] | null {
  const start = text.indexOf('<');
  const root = start === -1 ? null : parseXml(text.slice(start, text.lastIndexOf('>') + 1));
  if (root?.name !== 'nvidia_smi_log') return null;
  const instances = parseListing(listing);
  return root.children.filter(({ name }) => name === 'gpu').map((gpu) => cardOf(gpu, instances));
}

/** Whether any card is divided, so that the listing is needed. */
export function hasInstances(text: string): boolean {
  return text.includes('<mig_device>');
}

/** One way of writing for `00000000:3B:00.0`, `0000:3b:00.0` and the like; null if the text holds none. */
export function busIdOf(text: string): string | null {
  const match = /([0-9a-f]{4,8}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-9a-f])/i.exec(text);
  if (!match) return null;
  const [, domain = '0', bus, device, part] = match;
  return `${Number.parseInt(domain, 16).toString(16).padStart(4, '0')}:${bus}:${device}.${part}`.toLowerCase();
}

export interface LostCard {
  readonly busId: string;
  readonly fault: string;
}

/** Cards that nvidia-smi names as out of reach: `Unable to determine the device handle for GPU0000:3B:00.0: GPU is lost. ...` */
export function parseLostCards(text: string): LostCard[] {
  return text.split('\n').flatMap((line) => {
    const match = /unable to (?:determine|detect) the device handle for gpu ?([0-9a-f:.]+): *(.+)/i.exec(line);
    const busId = match?.[1] === undefined ? null : busIdOf(match[1]);
    return busId === null ? [] : [{ busId, fault: `it does not answer: ${(match?.[2] ?? '').trim().slice(0, 200)}` }];
  });
}

function cardOf(gpu: XmlElement, instances: Instances): GpuCard {
  const busId = busIdOf(gpu.attributes['id'] ?? '') ?? busIdOf(textAt(gpu, 'pci/pci_bus_id')) ?? '';
  const fault = faultOf(gpu);
  const uuid = textAt(gpu, 'uuid');
  if (!/^GPU-[0-9a-f-]{36}$/.test(uuid)) return { busId, devices: [], fault: fault ?? 'it does not tell its UUID' };
  if (textAt(gpu, 'mig_mode/current_mig') === 'Enabled') return dividedCard(gpu, { busId, uuid, fault }, instances);
  const memoryBytes = mebibytes(textAt(gpu, 'fb_memory_usage/total'));
  const why = fault ?? (memoryBytes === 0 ? 'it does not tell its memory' : null);
  return { busId, devices: [deviceOf(uuid, textAt(gpu, 'product_name'), { memoryBytes, fault: why })], fault: why };
}

interface Whole {
  readonly busId: string;
  readonly uuid: string;
  readonly fault: string | null;
}

/** What is wrong with the card is wrong with each of its instances; errors of one instance are its own. */
function dividedCard(gpu: XmlElement, { busId, uuid, fault }: Whole, instances: Instances): GpuCard {
  const product = textAt(gpu, 'product_name');
  const found = elementAt(gpu, 'mig_devices')?.children.filter(({ name }) => name === 'mig_device') ?? [];
  if (found.length === 0) {
    const none = fault ?? 'MIG is on, and it has no instances: make some, or turn MIG off';
    const memoryBytes = mebibytes(textAt(gpu, 'fb_memory_usage/total'));
    return { busId, devices: [deviceOf(uuid, product, { memoryBytes, fault: none })], fault: none };
  }
  const devices = found.flatMap((mig) => {
    const listed = instances.get(`${uuid}/${textAt(mig, 'index')}`);
    const id = textAt(mig, 'uuid').startsWith('MIG-') ? textAt(mig, 'uuid') : listed?.uuid;
    // An instance without an id can't be given to a job.
    if (id === undefined) return [];
    const memoryBytes = mebibytes(textAt(mig, 'fb_memory_usage/total'));
    return [deviceOf(id, modelOf(product, listed?.profile), { memoryBytes, fault: fault ?? instanceFault(mig) })];
  });
  return { busId, devices, fault };
}

function instanceFault(mig: XmlElement): string | null {
  const count = Number(textAt(mig, 'ecc_error_count/volatile_count/sram_uncorrectable'));
  return count > 0
    ? `${count} uncorrectable ECC ${count === 1 ? 'error' : 'errors'} since the driver was loaded`
    : null;
}

function modelOf(product: string, profile: string | undefined): string {
  return profile === undefined ? `${product} MIG` : `${product} MIG ${profile}`;
}

function deviceOf(
  id: string,
  model: string,
  { memoryBytes, fault }: { readonly memoryBytes: number; readonly fault: string | null },
): FoundDevice {
  return { id, kind: 'gpu', model, memoryBytes, ...(fault === null ? {} : { fault: fault.slice(0, 512) }) };
}

function mebibytes(text: string): number {
  const match = /^(\d+) MiB$/.exec(text);
  return match ? Number(match[1]) * MIB : 0;
}

/** `<UUID of the card>/<device>` -> the instance. */
type Instances = ReadonlyMap<string, { readonly uuid: string; readonly profile: string }>;

/** `GPU 0: NVIDIA A100 (UUID: GPU-...)`, and below it `  MIG 3g.20gb     Device  0: (UUID: MIG-...)`. */
function parseListing(text: string): Instances {
  const found = new Map<string, { uuid: string; profile: string }>();
  let card = '';
  for (const line of text.split('\n')) {
    card = /^GPU \d+:.*\(UUID: (GPU-[0-9a-f-]{36})\)/.exec(line)?.[1] ?? card;
    const match = /^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[^)]+)\)/.exec(line);
    if (match?.[3] !== undefined) found.set(`${card}/${match[2]}`, { uuid: match[3], profile: match[1] ?? '' });
  }
  return found;
}
