// What this server is: its cards as nvidia-smi tells of them, CPU slots from the configuration, processors, memory, disk.
import type { Device, NodeDescription } from '@baton/contracts';
import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { NodeProbe } from '../../app/ports.ts';
import { type GpuAnswer, presentDevices, type RememberedDevice } from '../../domain/gpu-memory.ts';
import { findOnPath } from '../process/find-command.ts';
import { askNvidiaSmi } from './nvidia-smi.ts';

export interface NodeProbeOptions {
  readonly name: string;
  readonly address: string;
  readonly cpuSlots: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly agentVersion: string;
  readonly path: string;
  /** Of the agent: its file system is the node's disk. */
  readonly folder: string;
  /** What it can run jobs in; it says nothing of them where there is only one. */
  readonly runtimes?: () => Promise<NonNullable<NodeDescription['runtimes']>>;
  /** Where the NVIDIA driver lists its cards. */
  readonly driverFolder?: string;
}

export class ServerProbe implements NodeProbe {
  readonly #options: NodeProbeOptions;
  #remembered: readonly RememberedDevice[] = [];

  constructor(options: NodeProbeOptions) {
    this.#options = options;
  }

  async describe(): Promise<NodeDescription> {
    const { name, address, labels, agentVersion, cpuSlots, folder, runtimes } = this.#options;
    const [gpus, diskBytes, runsIn] = await Promise.all([this.#gpus(), diskOf(folder), runtimes?.() ?? []]);
    return {
      name,
      address,
      devices: [...gpus, ...cpuDevices(cpuSlots)],
      // What this process may use of them: its affinity and its cgroup's share.
      cpus: availableParallelism(),
      memoryBytes: memoryOf(process.constrainedMemory(), totalmem()),
      ...(diskBytes === null ? {} : { diskBytes }),
      labels: { ...labels },
      agentVersion,
      ...(runsIn.length > 1 ? { runtimes: [...runsIn] } : {}),
    };
  }

  async #gpus(): Promise<readonly Device[]> {
    const { path, driverFolder } = this.#options;
    const tool = await findOnPath('nvidia-smi', path);
    const options = { tool: tool ?? '', path, ...(driverFolder === undefined ? {} : { driverFolder }) };
    const answer = tool === null ? NO_TOOL : await askNvidiaSmi(options, this.#remembered);
    this.#remembered = presentDevices(answer, this.#remembered);
    return this.#remembered.map(({ device }, index) => ({ ...device, index }));
  }
}

const NO_TOOL: GpuAnswer = { cards: [], lost: [], failure: 'nvidia-smi is not on the PATH any more' };

/** The cgroup's limit where there is one; without one the first number is larger than any machine. */
export function memoryOf(constrainedBytes: number, totalBytes: number): number {
  return constrainedBytes > 0 ? Math.min(constrainedBytes, totalBytes) : totalBytes;
}

/** Null if the folder can't be asked. */
async function diskOf(folder: string): Promise<number | null> {
  try {
    const { blocks, bsize } = await statfs(folder);
    return blocks * bsize;
  } catch {
    return null;
  }
}

function cpuDevices(count: number): Device[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `cpu-${index}`,
    kind: 'cpu',
    index,
    model: 'CPU slot',
    memoryBytes: 0,
  }));
}
