// The plainest engine that keeps the rules: first come first served, the first that does not fit blocks all behind it.
import type { EngineNode, Plan, PlannedStart, RunningAttempt, WaitingJob } from '../domain/schedule/engine-model.ts';
import type { SchedulingEngine } from '../domain/simulation/scheduling-engine.ts';

export const NOTHING: Plan = {
  starts: [],
  preemptions: [],
  revocations: [],
  reservations: [],
  blocked: new Map(),
  nextAt: null,
};

export class FifoEngine implements SchedulingEngine {
  readonly #free = new Map<string, string[]>();
  readonly #capacity = new Map<string, number>();
  readonly #placed = new Map<string, RunningAttempt>();
  readonly queued = new Map<string, WaitingJob>();

  putNode({ id, description }: EngineNode): void {
    const devices = description.devices.map((device) => device.id);
    this.#free.set(id, devices);
    this.#capacity.set(id, devices.length);
  }

  setBookings(): void {}

  queue(job: WaitingJob): void {
    this.queued.set(job.id, job);
  }

  place(attempt: RunningAttempt): void {
    const { job, parts } = attempt;
    this.queued.delete(job.id);
    this.#placed.set(job.id, attempt);
    for (const { nodeId, devices } of parts)
      this.#free.set(
        nodeId,
        this.#of(nodeId).filter((device) => !devices.includes(device)),
      );
  }

  release(jobId: string): void {
    for (const { nodeId, devices } of this.#placed.get(jobId)?.parts ?? [])
      this.#free.set(nodeId, [...this.#of(nodeId), ...devices]);
    this.#placed.delete(jobId);
  }

  learn(): void {}

  plan(_now: number): Plan {
    const starts: PlannedStart[] = [];
    const taken = new Map([...this.#free].map(([id, devices]) => [id, [...devices]]));
    for (const { id, shape } of [...this.queued.values()].toSorted((a, b) => a.order - b.order)) {
      const fitting = [...taken].filter(
        ([node, free]) =>
          free.length >= shape.devices && (shape.nodes === 1 || free.length === this.#capacity.get(node)),
      );
      const chosen = fitting.toSorted(([, a], [, b]) => a.length - b.length).slice(0, shape.nodes);
      if (chosen.length < shape.nodes) break;
      const ranks = chosen.map(([nodeId, free]) => ({
        nodeId,
        name: nodeId,
        address: nodeId,
        devices: free.splice(0, shape.devices),
      }));
      const [{ nodeId, devices } = { nodeId: '', devices: [] }] = ranks;
      starts.push({ jobId: id, nodeId, devices, ...(ranks.length > 1 ? { ranks } : {}) });
    }
    return { ...NOTHING, starts };
  }

  #of(nodeId: string): string[] {
    return this.#free.get(nodeId) ?? [];
  }
}
