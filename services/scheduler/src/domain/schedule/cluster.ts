// The nodes with all that is placed, promised and booked on them: where a job can start, and when at the latest. Pure.
import type { Issue } from '@baton/contracts';
import { whyNever } from './able.ts';
import type { Ask, Found, FoundPlace } from './ask.ts';
import { ClusterBooks, type ClusterOptions } from './cluster-books.ts';
import type { Displaceables } from './displaceables.ts';
import { earliestStart, earliestWithoutLines, NodeOutlook, soonerStart } from './earliest-start.ts';
import type { Booking, EngineNode, EngineShape, Reservation, RunningAttempt } from './engine-model.ts';
import { findPlaces, fits, isClear, mayStart } from './find-places.ts';
import type { LinePlace } from './line-offer.ts';
import { findLinePlace, mayLine } from './line-place.ts';
import { makeRoom } from './make-room.ts';
import { type NodeVerdict, whyNotOn } from './why-not.ts';
import { NOBODY_AHEAD, WidthsAhead } from './widths-ahead.ts';

export class Cluster {
  readonly #books: ClusterBooks;

  constructor(options: ClusterOptions) {
    this.#books = new ClusterBooks(options);
  }

  configure(options: ClusterOptions): void {
    this.#books.configure(options);
  }

  putNode(node: EngineNode): void {
    this.#books.setNode(node.id, node);
  }

  /** What is placed on it stays known, should it come back. */
  removeNode(id: string): void {
    this.#books.setNode(id, null);
  }

  /** All that there are. */
  setBookings(bookings: readonly Booking[]): void {
    this.#books.setBookings(bookings);
  }

  /** In place of all that the job had: an earlier attempt, or a promise. */
  put(attempt: RunningAttempt): void {
    this.#books.setAttempt(attempt.job.id, attempt);
  }

  drop(jobId: string): void {
    this.#books.setAttempt(jobId, null);
  }

  /** One rank of several has given its devices back. */
  dropPart(jobId: string, nodeId: string): void {
    const attempt = this.#books.attempt(jobId);
    if (!attempt) return;
    const parts = attempt.parts.filter((part) => part.nodeId !== nodeId);
    this.#books.setAttempt(jobId, parts.length === 0 ? null : { ...attempt, parts });
  }

  /** Of a waiting job: from now on nobody of its class or a lower one may delay it. In place of an earlier promise. */
  promise(ask: Ask, reservation: Reservation): void {
    this.#books.setPromise(ask.jobId, { ask, reservation });
  }

  forget(jobId: string): void {
    this.#books.setPromise(jobId, null);
  }

  promised(jobId: string): Reservation | null {
    return this.#books.promise(jobId)?.reservation ?? null;
  }

  /** Whether the job's promise can still be kept: false after the loss of a node, a booking, or a start of a higher class. */
  keeps(jobId: string, now: number): boolean {
    const promise = this.#books.promise(jobId);
    if (!promise) return false;
    const { ask, reservation } = promise;
    const view = this.#books.view(ask.shape);
    return reservation.nodeIds.every((id) => {
      const ledger = this.#books.ledger(id);
      if (ledger?.node?.refuses !== null) return false;
      return new NodeOutlook(this.#books.profile(ledger, now), view, ask).fitsAt(Math.max(now, reservation.at));
    });
  }

  /** All changes made in `work` are taken back at its end. */
  trial<T>(work: () => T): T {
    return this.#books.trial(work);
  }

  /** False: the shape fits nowhere now, whoever asks. */
  isOpen(shape: EngineShape): boolean {
    return fits(this.#books, this.#books.view(shape));
  }

  /** False: neither can whoever asks for the same shape for as long or longer, in no higher class. The ask is nobody's. */
  mayStart(ask: Ask, now: number): boolean {
    return mayStart(this.#books, this.#books.view(ask.shape), ask, now);
  }

  /** Where it can start now. */
  find(ask: Ask, now: number): Found {
    return findPlaces(this.#books, ask, now);
  }

  /** Whether it can start now in places that are free: nobody is delayed who was promised a start. */
  isClear(ask: Ask, places: readonly FoundPlace[], now: number): boolean {
    return isClear(this.#books, ask, places, now);
  }

  /** The earliest start that it can be promised; null if it can't be foreseen. */
  earliest(ask: Ask, now: number): Reservation | null {
    return earliestStart(this.#books, ask, now);
  }

  /** As if nobody were in line: when it could start if all of them were called back. */
  earliestWithoutLines(ask: Ask, now: number): Reservation | null {
    return earliestWithoutLines(this.#books, ask, now);
  }

  /** A start before the one that it was promised; null if there is none. */
  sooner(jobId: string, now: number): Reservation | null {
    return soonerStart(this.#books, jobId, now);
  }

  /** Whom to displace so that it can start; null if displacing all of them would not do. */
  makeRoom(ask: Ask, now: number, displaceables: Displaceables): readonly string[] | null {
    return makeRoom(this.#books, ask, now, displaceables);
  }

  /** Whether there may be bookings: then what is refused to one may be given to another. */
  get hasBookings(): boolean {
    return this.#books.hasBookings;
  }

  /** What those of the shapes need who wait for several devices: it is not for those behind them. */
  widthsAhead(shapes: readonly EngineShape[]): WidthsAhead {
    return new WidthsAhead(shapes.map((shape) => this.#books.view(shape)));
  }

  /** Whether some line has room for the shape, when others wait for theirs before it. */
  mayLine(shape: EngineShape, now: number, ahead = NOBODY_AHEAD): boolean {
    return mayLine(this.#books, shape, { now, ahead });
  }

  /** Behind which running attempts it can be assigned, when others wait for theirs before it. */
  line(ask: Ask, now: number, ahead = NOBODY_AHEAD): LinePlace | null {
    return findLinePlace(this.#books, ask, { now, ahead });
  }

  /** The jobs in the lines of these nodes. */
  inLineOn(nodeIds: readonly string[]): ReadonlySet<string> {
    const placed = nodeIds.flatMap((id) => this.#books.ledger(id)?.placed ?? []);
    return new Set(placed.flatMap(({ attempt }) => (attempt.waiting ? attempt.job.id : [])));
  }

  whyNot(ask: Ask, now: number): NodeVerdict[] {
    return whyNotOn(this.#books, ask, now);
  }

  /** Why the shape can never be placed; null if it can, and while there is no node: the first may still join. */
  whyNever(shape: EngineShape): { readonly message: string; readonly issues: readonly Issue[] } | null {
    return whyNever(
      shape,
      this.#books.ledgers().flatMap(({ node }) => node ?? []),
    );
  }

  /** Device -> the jobs that have parts of it. */
  sharers(nodeId: string): ReadonlyMap<string, readonly { readonly jobId: string; readonly twentieths: number }[]> {
    const found = new Map<string, { jobId: string; twentieths: number }[]>();
    for (const { attempt, devices } of this.#books.ledger(nodeId)?.placed ?? []) {
      const { id: jobId, shape } = attempt.job;
      const { twentieths } = shape;
      if (twentieths === undefined) continue;
      for (const device of devices) found.set(device, [...(found.get(device) ?? []), { jobId, twentieths }]);
    }
    return found;
  }

  /** Device -> the job that holds it, or that it is promised to though free for the moment. */
  held(nodeId: string): ReadonlyMap<string, string> {
    const { devices = [], holders = [], placed = [] } = this.#books.ledger(nodeId) ?? {};
    // Also devices that the node has no more.
    const held = new Map(placed.flatMap((entry) => entry.devices.map((id) => [id, entry.attempt.job.id] as const)));
    for (const [spot, { id }] of devices.entries()) {
      const holder = holders[spot] ?? null;
      if (holder !== null) held.set(id, holder);
    }
    return held;
  }
}
