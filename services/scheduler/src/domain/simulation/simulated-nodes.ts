// The nodes' side: who holds which device, and who stands in line for one, by the rules that agents start attempts by.
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
  /** Device -> the job that has it; null: nobody. */
  readonly holders: Map<string, string | null>;
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
      nodes.map(({ id, description }) => [
        id,
        { holders: new Map(description.devices.map((device) => [device.id, null])), line: [] },
      ]),
    );
  }

  /** Throws where one of them is not there, or is held: the engine must not have chosen it. */
  take(jobId: string, { nodeId, devices }: Part): void {
    const { holders } = this.#node(nodeId);
    for (const device of devices) {
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
