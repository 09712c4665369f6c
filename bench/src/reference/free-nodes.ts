// The free GPUs of each node: best fit on one node, whole free nodes above.
import type { Cluster } from './job.ts';

export class FreeNodes {
  readonly #gpusPerNode: number;
  readonly #free: number[];
  #total: number;

  constructor({ nodes, gpusPerNode }: Cluster, free: readonly number[] = Array<number>(nodes).fill(gpusPerNode)) {
    this.#gpusPerNode = gpusPerNode;
    this.#free = [...free];
    this.#total = free.reduce((sum, each) => sum + each, 0);
  }

  copy(): FreeNodes {
    return new FreeNodes({ nodes: this.#free.length, gpusPerNode: this.#gpusPerNode }, this.#free);
  }

  get isFull(): boolean {
    return this.#total === 0;
  }

  /** Where so many GPUs fit now; null if nowhere. */
  find(gpus: number): readonly number[] | null {
    if (gpus > this.#total) return null;
    if (gpus > this.#gpusPerNode) return this.#wholeNodes(Math.ceil(gpus / this.#gpusPerNode));
    let best: number | null = null;
    for (const [node, free] of this.#free.entries()) {
      if (free >= gpus && (best === null || free < this.#at(best))) best = node;
    }
    return best === null ? null : [best];
  }

  take(nodes: readonly number[], gpus: number): void {
    this.#add(nodes, -gpus);
  }

  release(nodes: readonly number[], gpus: number): void {
    this.#add(nodes, gpus);
  }

  #add(nodes: readonly number[], gpus: number): void {
    const each = Math.sign(gpus) * Math.min(Math.abs(gpus), this.#gpusPerNode);
    for (const node of nodes) this.#free[node] = this.#at(node) + each;
    this.#total += each * nodes.length;
  }

  #wholeNodes(count: number): readonly number[] | null {
    const whole = [...this.#free.keys()].filter((node) => this.#at(node) === this.#gpusPerNode).slice(0, count);
    return whole.length === count ? whole : null;
  }

  #at(node: number): number {
    return this.#free[node] ?? 0;
  }
}
