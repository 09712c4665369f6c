// The nodes' side: who holds which device, and who stands in line for one, by the rules that agents start attempts by.
import { TWENTIETHS_OF_DEVICE } from '@baton/contracts';
import type { EngineNode } from '../schedule/engine-model.ts';

interface Part {
  readonly nodeId: string;
  readonly devices: readonly string[];
}

interface InLine {
  readonly jobId: string;
  /** What it has already. */
  readonly devices: readonly string[];
  readonly count: number;
  readonly pool: readonly string[];
}

interface SimulatedNode {
  /** Device -> the job that has it, or one of those that share it; null: nobody. */
  readonly holders: Map<string, string | null>;
  /** Device -> the jobs that have parts of it, with how many twentieths. */
  readonly sharers: Map<string, Map<string, number>>;
  readonly jobsPerDevice: number;
  /** In the order of assignment. */
  readonly line: InLine[];
}

export interface Granted extends Part {
  readonly jobId: string;
}

export class SimulatedNodes {
  readonly #nodes: Map<string, SimulatedNode>;

  constructor(nodes: readonly EngineNode[]) {
    this.#nodes = new Map(
      nodes.map(({ id, description, jobsPerDevice = 1 }) => {
        const holders = new Map(description.devices.map((device) => [device.id, null]));
        return [id, { holders, sharers: new Map(), jobsPerDevice, line: [] }];
      }),
    );
  }

  /** Throws where one of them is not there, or is held: the engine must not have chosen it. `twentieths`: it shares its device. */
  take(jobId: string, { nodeId, devices }: Part, twentieths?: number): void {
    const node = this.#node(nodeId);
    const { holders } = node;
    for (const device of devices) {
      if (twentieths !== undefined && isShared(node, device, twentieths)) {
        share(node, device, { jobId, twentieths });
        continue;
      }
      const holder = holders.get(device);
      if (holder !== null)
        throw new Error(`${jobId} was given ${device} on ${nodeId}, which ${holder ?? 'nobody'} has`);
      holders.set(device, jobId);
    }
  }

  standInLine(nodeId: string, entry: InLine): void {
    this.take(entry.jobId, { nodeId, devices: entry.devices });
    this.#node(nodeId).line.push(entry);
  }

  /** It has ended, or was called back. */
  leave(jobId: string, parts: readonly Part[]): void {
    for (const { nodeId } of parts) {
      const { holders, line } = this.#node(nodeId);
      for (const [device, holder] of holders) if (holder === jobId) holders.set(device, null);
      unshare(this.#node(nodeId), jobId);
      const place = line.findIndex((entry) => entry.jobId === jobId);
      if (place !== -1) line.splice(place, 1);
    }
  }

  /** Those in the node's line whose devices are all free now: they have them. Who stands ahead keeps what is free of its pool. */
  advance(nodeId: string): Granted[] {
    const { holders, line } = this.#node(nodeId);
    if (line.length === 0) return [];
    const kept = new Set<string>();
    const granted = line.flatMap(({ jobId, devices, count, pool }) => {
      const free = pool.filter((device) => holders.get(device) === null && !kept.has(device)).slice(0, count);
      if (free.length < count) {
        for (const device of free) kept.add(device);
        return [];
      }
      this.take(jobId, { nodeId, devices: free });
      return [{ jobId, nodeId, devices: [...devices, ...free] }];
    });
    const gone = new Set(granted.map(({ jobId }) => jobId));
    line.splice(0, line.length, ...line.filter(({ jobId }) => !gone.has(jobId)));
    return granted;
  }

  #node(id: string): SimulatedNode {
    const node = this.#nodes.get(id);
    if (!node) throw new Error(`there is no node ${id}`);
    return node;
  }
}

/** Whether a part of it can be had, beside others or as the first. */
function isShared({ holders, sharers, jobsPerDevice }: SimulatedNode, device: string, twentieths: number): boolean {
  const beside = sharers.get(device);
  if (!beside) return holders.get(device) === null;
  const taken = [...beside.values()].reduce((sum, part) => sum + part, 0);
  return beside.size < jobsPerDevice && taken + twentieths <= TWENTIETHS_OF_DEVICE;
}

function share(
  { holders, sharers }: SimulatedNode,
  device: string,
  { jobId, twentieths }: { readonly jobId: string; readonly twentieths: number },
): void {
  holders.set(device, jobId);
  sharers.set(device, (sharers.get(device) ?? new Map<string, number>()).set(jobId, twentieths));
}

function unshare({ holders, sharers }: SimulatedNode, jobId: string): void {
  for (const [device, parts] of sharers) {
    if (!parts.delete(jobId)) continue;
    const [left] = parts.keys();
    holders.set(device, left ?? null);
    if (left === undefined) sharers.delete(device);
  }
}
