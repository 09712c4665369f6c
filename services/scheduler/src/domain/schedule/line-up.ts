// The hand-off: the next job of each busy device is assigned behind what runs there, so that all is in place when that ends.
import type { EngineShape } from './engine-model.ts';
import { engineShapeKey } from './engine-shape.ts';
import type { PlanPaper } from './plan-paper.ts';
import type { ShapeEntry } from './queue-buckets.ts';
import type { Walk } from './queue-walk.ts';
import { closeKind } from './walk-refusals.ts';
import { NOBODY_AHEAD } from './widths-ahead.ts';

export class LineUp {
  readonly #paper: PlanPaper;
  readonly #kept: ReadonlySet<string>;
  /** Of those that were met and found no line: what they need is not for those behind them. */
  readonly #wider: EngineShape[] = [];
  /** What they say together. */
  #ahead = NOBODY_AHEAD;

  /** `kept`: what stands on paper for others; nobody can wait behind it. */
  constructor(paper: PlanPaper, kept: ReadonlySet<string>) {
    this.#paper = paper;
    this.#kept = kept;
  }

  /** Not while nodes are being emptied for a job on several of them: who is in line there keeps them busy. */
  run(): void {
    if ([...this.#paper.promisedAt.keys()].some(({ shape }) => shape.nodes > 1)) return;
    const { queueIndex, policy } = this.#paper.engine;
    const mayJoin = (entry: ShapeEntry) => this.#mayLine(entry) && this.#mayAnyLine(entry);
    const walk = queueIndex.walk(this.#paper.view, this.#whoseTurn(mayJoin));
    for (let job = walk.next(); job; job = walk.next()) {
      if (this.#paper.done.has(job.id)) continue;
      const ask = this.#paper.engine.ask(job);
      // When it starts is open: whoever of its owner was promised a start, at any time, is to have theirs.
      if (this.#paper.refuse(job, { ...ask, limitMs: Infinity }, walk) !== null) continue;
      const line = this.#paper.engine.cluster.line(ask, this.#paper.now, this.#ahead);
      if (line && line.behind.predecessors.every(({ jobId }) => !this.#kept.has(jobId))) {
        const { nodeId, devices, behind } = line;
        this.#paper.starts.push({ jobId: job.id, nodeId, devices, behind });
        const waiting = { count: behind.count, pool: behind.pool, isRevoking: false };
        this.#paper.occupy(job, { parts: [{ nodeId, devices }], waiting });
        walk.taken();
        this.#close(walk);
      } else if (!policy.backfill.enabled) closeKind(queueIndex, job.shape.deviceKind, walk);
      else {
        walk.blockShape(engineShapeKey(job.shape));
        if (!isWide(job)) continue;
        this.#wider.push(job.shape);
        this.#ahead = this.#paper.engine.cluster.widthsAhead(this.#wider);
        this.#close(walk);
      }
    }
  }

  /** Those for whom there may be no line any more. */
  #close(walk: Walk): void {
    walk.blockClosed(this.#whoseTurn((entry) => this.#mayLine(entry)));
  }

  /** Who may join, and, as long as somebody for one device may, also those for several: what they need is not for those behind them. */
  #whoseTurn(mayJoin: (entry: ShapeEntry) => boolean): (entry: ShapeEntry) => boolean {
    const forOne = new Set(
      [...this.#paper.engine.queueIndex.shapes()].filter((each) => !isWide(each) && mayJoin(each)),
    );
    return (entry) => (isWide(entry) ? forOne.size > 0 || mayJoin(entry) : forOne.has(entry));
  }

  /** False: no line has room for the shape, behind those who were met. */
  #mayLine({ shape }: ShapeEntry): boolean {
    const { cluster, policy } = this.#paper.engine;
    return !policy.backfill.enabled || cluster.mayLine(shape, this.#paper.now, this.#ahead);
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

function isWide({ shape: { devices, nodes } }: { readonly shape: EngineShape }): boolean {
  return devices > 1 && nodes === 1;
}
