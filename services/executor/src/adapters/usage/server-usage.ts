// What running attempts use on this server: processes from /proc, cards from one call of nvidia-smi for all of them.
import type { MetricValues } from '@baton/contracts';
import type { UsageProbe } from '../../app/ports.ts';
import { GPU_USAGE_QUERY, parseGpuUsage } from '../../domain/gpu-usage.ts';
import type { RunningAttempt } from '../../domain/running-attempts.ts';
import { membersOf, type ProcessUsage, type Usage, usageValues } from '../../domain/usage.ts';
import { findOnPath } from '../process/find-command.ts';
import { runTool } from '../python/run-tool.ts';
import { kernelUnits, processIo, processTable } from './process-table.ts';

/** A driver in trouble can hang for minutes. */
const QUERY_TIMEOUT_MS = 10_000;

export interface ServerUsageOptions {
  readonly running: () => readonly RunningAttempt[];
  /** Where nvidia-smi is looked for. */
  readonly path: string;
}

export class ServerUsage implements UsageProbe {
  readonly #options: ServerUsageOptions;
  readonly #units = kernelUnits();
  #before = new Map<string, Usage>();

  constructor(options: ServerUsageOptions) {
    this.#options = options;
  }

  async sample(): Promise<ReadonlyMap<string, MetricValues>> {
    const running = this.#options.running();
    const cards = running.some((one) => one.gpus.length > 0) ? await this.#cards() : new Map<string, MetricValues>();
    const table = running.length === 0 ? [] : processTable();
    const now = new Map(running.map((one) => [one.name, this.#usage(membersOf(table, one.process))]));
    const before = this.#before;
    this.#before = now;
    return new Map(
      running.flatMap(({ name, gpus }) => {
        const [then, present] = [before.get(name), now.get(name)];
        if (then === undefined || present === undefined) return [];
        const ofCards = gpus.map((gpu) => cards.get(gpu) ?? {});
        return [[name, Object.assign(usageValues(then, present), ...ofCards) as MetricValues] as const];
      }),
    );
  }

  #usage(members: readonly ProcessUsage[]): Usage {
    const { pageBytes, ticksPerSecond } = this.#units;
    const io = members.map((one) => processIo(one.pid));
    return {
      atMs: performance.now(),
      cpuSeconds: sum(members.map((one) => one.cpuTicks)) / ticksPerSecond,
      residentBytes: sum(members.map((one) => one.residentPages)) * pageBytes,
      readBytes: sum(io.map((one) => one.readBytes)),
      writtenBytes: sum(io.map((one) => one.writtenBytes)),
    };
  }

  async #cards(): Promise<ReadonlyMap<string, MetricValues>> {
    const { path } = this.#options;
    const tool = await findOnPath('nvidia-smi', path);
    if (tool === null) return new Map();
    const { code, output } = await runTool([tool, ...GPU_USAGE_QUERY], path, { timeoutMs: QUERY_TIMEOUT_MS });
    return code === 0 ? parseGpuUsage(output) : new Map();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
