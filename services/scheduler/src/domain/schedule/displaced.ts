// Who is gone on paper and not yet in fact: which of the devices that look free are not free now, and when they will be.
import type { FoundPlace } from './ask.ts';
import type { Cluster } from './cluster.ts';
import type { EngineShape, RunningAttempt } from './engine-model.ts';

interface NodeInFact {
  readonly held: ReadonlyMap<string, string>;
  /** When those who are to go have gone. */
  freeBy: number;
  /** Those who are to go from it are not asked to yet: first somebody in a line is to be called back. */
  isAwaited: boolean;
}

export class Displaced {
  readonly #cluster: Cluster;
  readonly #now: number;
  readonly #jobs = new Set<string>();
  readonly #nodes = new Map<string, NodeInFact>();

  constructor(cluster: Cluster, now: number) {
    this.#cluster = cluster;
    this.#now = now;
  }

  has(jobId: string): boolean {
    return this.#jobs.has(jobId);
  }

  /** Off the cluster, on paper. */
  take(attempt: RunningAttempt): void {
    const { job, parts, graceMs, stoppingSince } = attempt;
    this.#jobs.add(job.id);
    const end = (stoppingSince ?? this.#now) + graceMs;
    for (const { nodeId } of parts) {
      // Before the first of them goes: in its place one in line may be next, on paper.
      const node = this.#nodes.get(nodeId) ?? this.#inFact(nodeId);
      this.#nodes.set(nodeId, node);
      node.freeBy = Math.max(node.freeBy, end > this.#now ? end : this.#now + Math.max(1, graceMs));
    }
    this.#cluster.drop(job.id);
  }

  #inFact(nodeId: string): NodeInFact {
    return { held: this.#cluster.held(nodeId), freeBy: this.#now + 1, isAwaited: false };
  }

  putBack(attempt: RunningAttempt): void {
    this.#jobs.delete(attempt.job.id);
    this.#cluster.put(attempt);
  }

  /** Whether the places are free in fact: nothing there is needed that those have who are to go. */
  leaves(places: readonly FoundPlace[], { cpus, memoryBytes, exclusive }: EngineShape): boolean {
    return places.every(({ nodeId, devices }) => {
      const node = this.#nodes.get(nodeId);
      if (!node) return true;
      return cpus === 0 && memoryBytes === 0 && !exclusive && devices.every((id) => !node.held.has(id));
    });
  }

  /** They stay until those in line have answered. */
  await(attempts: readonly RunningAttempt[]): void {
    for (const { parts } of attempts) {
      for (const { nodeId } of parts) {
        const node = this.#nodes.get(nodeId);
        if (node) node.isAwaited = true;
      }
    }
  }

  isAwaited(places: readonly FoundPlace[]): boolean {
    return places.some(({ nodeId }) => this.#nodes.get(nodeId)?.isAwaited === true);
  }

  /** When all of the places are free, at the latest. */
  freeBy(places: readonly FoundPlace[]): number {
    return places.reduce((latest, { nodeId }) => Math.max(latest, this.#nodes.get(nodeId)?.freeBy ?? 0), this.#now + 1);
  }
}
