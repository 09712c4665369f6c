// The hand-off: the next job of each busy device is assigned behind what runs there, so that all is in place when that ends.
import type { EngineShape } from './engine-model.ts';
import type { PlanPaper } from './plan-paper.ts';
import type { ShapeEntry } from './queue-buckets.ts';
import { engineShapeKey } from './engine-shape.ts';
import { closeKind } from './walk-refusals.ts';

export class LineUp {
  readonly #paper: PlanPaper;
  readonly #kept: ReadonlySet<string>;

  /** `kept`: what stands on paper for others; nobody can wait behind it. */
  constructor(paper: PlanPaper, kept: ReadonlySet<string>) {
    this.#paper = paper;
    this.#kept = kept;
  }

  /** Not while nodes are being emptied for a job on several of them: who is in line there keeps them busy. */
  run(): void {
    if ([...this.#paper.promisedAt.keys()].some(({ shape }) => shape.nodes > 1)) return;
    const { cluster, queueIndex, policy } = this.#paper.engine;
    const mayLine = ({ shape }: ShapeEntry) => !policy.backfill.enabled || cluster.mayLine(shape);
    const walk = queueIndex.walk(
      this.#paper.view,
      (entry) => isWide(entry) || (mayLine(entry) && this.#mayAnyLine(entry)),
    );
    const wider: EngineShape[] = [];
    for (let job = walk.next(); job; job = walk.next()) {
      if (this.#paper.done.has(job.id)) continue;
      const ask = this.#paper.engine.ask(job);
      // When it starts is open: whoever of its owner was promised a start, at any time, is to have theirs.
      if (this.#paper.refuse(job, { ...ask, limitMs: Infinity }, walk) !== null) continue;
      const line = cluster.line(ask, this.#paper.now, wider);
      if (line && line.behind.predecessors.every(({ jobId }) => !this.#kept.has(jobId))) {
        const { nodeId, devices, behind } = line;
        this.#paper.starts.push({ jobId: job.id, nodeId, devices, behind });
        const waiting = { count: behind.count, pool: behind.pool, isRevoking: false };
        this.#paper.occupy(job, { parts: [{ nodeId, devices }], waiting });
        walk.taken();
        walk.blockClosed((entry) => isWide(entry) || mayLine(entry));
      } else if (!policy.backfill.enabled) closeKind(this.#paper.engine.queueIndex, job.shape.deviceKind, walk);
      else {
        if (isWide(job)) wider.push(job.shape);
        walk.blockShape(engineShapeKey(job.shape));
      }
    }
  }

  /** False: not even those that ask for their devices for the shortest time can join any line. */
  #mayAnyLine(entry: ShapeEntry): boolean {
    const { cluster, policy } = this.#paper.engine;
    // Who was promised a start may be where others may not.
    const isPromised = () => [...this.#paper.promisedAt.keys()].some(({ shape }) => shape === entry.shape);
    if (!policy.backfill.enabled || cluster.hasBookings || isPromised()) return true;
    return cluster.line(this.#paper.leastAsk(entry, ['queues']), this.#paper.now) !== null;
  }
}

/** Such are met although there is no room for them: what they need is not for those behind them. */
function isWide({ shape: { devices, nodes } }: { readonly shape: EngineShape }): boolean {
  return devices > 1 && nodes === 1;
}
