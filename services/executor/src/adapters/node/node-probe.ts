// What this server is: its cards as nvidia-smi names them, CPU slots from the configuration, processors, memory.
import type { Device, NodeDescription } from '@baton/contracts';
import { availableParallelism, totalmem } from 'node:os';
import type { NodeProbe, Reporter } from '../../app/ports.ts';
import { GPU_QUERY, parseGpuQuery } from '../../domain/gpu-query.ts';
import { findOnPath } from '../process/find-command.ts';
import { runTool } from '../python/run-tool.ts';

/** A driver in trouble can hang for minutes. */
const QUERY_TIMEOUT_MS = 20_000;

export interface NodeProbeOptions {
  readonly name: string;
  readonly cpuSlots: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly agentVersion: string;
  readonly path: string;
  readonly reporter: Reporter;
}

export class ServerProbe implements NodeProbe {
  readonly #options: NodeProbeOptions;
  #lastFaults = '';

  constructor(options: NodeProbeOptions) {
    this.#options = options;
  }

  async describe(): Promise<NodeDescription> {
    const { name, labels, agentVersion, cpuSlots } = this.#options;
    const devices = [...(await this.#gpus()), ...cpuDevices(cpuSlots)];
    return {
      name,
      devices,
      cpus: availableParallelism(),
      memoryBytes: totalmem(),
      labels: { ...labels },
      agentVersion,
    };
  }

  async #gpus(): Promise<readonly Device[]> {
    const tool = await findOnPath('nvidia-smi', this.#options.path);
    if (tool === null) return [];
    const { output } = await runTool([tool, ...GPU_QUERY], this.#options.path, { timeoutMs: QUERY_TIMEOUT_MS });
    const { devices, faults } = parseGpuQuery(output);
    const text = faults.join('\n');
    if (text !== '' && text !== this.#lastFaults)
      this.#options.reporter.warn({ faults }, 'nvidia-smi reports cards that can not be used');
    this.#lastFaults = text;
    return devices;
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
