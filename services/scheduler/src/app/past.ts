// How all was at a time in the past: the log read again up to then, a part at a time, so that nobody is kept waiting.
import type { CalendarEvent, JobEvent, NodeEvent, PolicyEvent } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { EventStore, RecordedCommit } from '@baton/event-store';
import { isLater, outside, timeOf, type When } from '@baton/service-host';
import { type CalendarState, evolveCalendar, initialCalendar } from '../domain/calendar.ts';
import { JobLedger, type KnownNode } from '../domain/ledger.ts';
import { evolveNode, initialNode, type NodeState } from '../domain/node.ts';
import { evolvePolicy, initialPolicy } from '../domain/policy.ts';
import { planned } from './bookings.ts';

/** Read in one go. */
const BATCH = 200;
const PATIENCE_MS = 50_000;
/** Behind the one that is read: each takes memory for all jobs, and time. */
const MOST_WAITING = 4;

export interface PastPorts {
  /** The JOBS stream, which a position is one of. */
  readonly jobs: Pick<EventStore, 'lastPosition' | 'readAll'>;
  /** Of nodes, policy and calendars, from the first. */
  readonly rules: () => AsyncIterable<RecordedCommit>;
  readonly now: () => number;
  /** Lets others go first. */
  readonly breathe: () => Promise<void>;
}

/** What was known at a time. */
export interface Moment {
  readonly at: number;
  readonly ledger: JobLedger;
  readonly nodes: readonly KnownNode[];
}

export interface Observer {
  /** Before a job's commit is applied. */
  readonly before?: (commit: RecordedCommit, ledger: JobLedger) => void;
  /** After it. False: enough was seen. */
  readonly after?: (commit: RecordedCommit, ledger: JobLedger) => boolean;
}

export class Past {
  readonly #ports: PastPorts;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(ports: PastPorts) {
    this.#ports = ports;
  }

  /** `invalid_input` for what is ahead or before there was anything; `unavailable` where it takes too long. */
  async at(when: When, observer: Observer = {}): Promise<Moment> {
    if ('time' in when && when.time > this.#ports.now()) throw outside('lies in the future');
    if (this.#waiting > MOST_WAITING)
      throw new PlatformError('unavailable', 'Others are asking about the past. Try again in a moment.', {
        retryAfterMs: 2_000,
      });
    this.#waiting += 1;
    const read = this.#last.then(() => this.#read(when, observer)).finally(() => (this.#waiting -= 1));
    this.#last = read.catch(() => undefined);
    return read;
  }

  async #read(when: When, { before, after }: Observer): Promise<Moment> {
    const { jobs, rules, now } = this.#ports;
    const deadline = now() + PATIENCE_MS;
    const at = await timeOf(jobs, when);
    const reel = new Reel();
    for await (const rule of this.#until(rules(), { time: at }, deadline)) reel.rules.push(rule);
    let isEmpty = reel.rules.length === 0;
    for await (const commit of this.#until(jobs.readAll(0), when, deadline)) {
      isEmpty = false;
      reel.forwardTo(commit.at);
      before?.(commit, reel.ledger);
      reel.ledger.apply(commit.ref.id, commit.events as JobEvent[], commit);
      if (after?.(commit, reel.ledger) === false) break;
    }
    if (isEmpty) throw outside('lies before anything happened here');
    return reel.stop(at);
  }

  /** As the log was then: all up to the first commit that is later. */
  async *#until(commits: AsyncIterable<RecordedCommit>, when: When, deadline: number): AsyncGenerator<RecordedCommit> {
    let read = 0;
    for await (const commit of commits) {
      if (isLater(commit, when)) return;
      yield commit;
      read += 1;
      if (read % BATCH !== 0) continue;
      await this.#ports.breathe();
      if (this.#ports.now() > deadline)
        throw new PlatformError('unavailable', `Reading the log up to then takes more than ${PATIENCE_MS / 1_000} s.`);
    }
  }
}

/** The ledger with what it goes by, as both are read. */
class Reel {
  readonly ledger = new JobLedger();
  /** Not yet applied. */
  readonly rules: RecordedCommit[] = [];
  readonly #nodes = new Map<string, NodeState>();
  readonly #calendars = new Map<string, CalendarState>();
  #next = 0;

  forwardTo(time: number): void {
    for (let rule = this.rules[this.#next]; rule && rule.at <= time; rule = this.rules[this.#next]) {
      this.#next += 1;
      this.#apply(rule);
    }
    this.ledger.release(time);
  }

  stop(at: number): Moment {
    this.forwardTo(at);
    this.ledger.engine.setBookings(planned(this.#booked(), at));
    return { at, ledger: this.ledger, nodes: this.#known() };
  }

  #apply({ ref: { aggregate, id }, events, at }: RecordedCommit): void {
    if (aggregate === 'policy') {
      const { policy } = (events as PolicyEvent[]).reduce(evolvePolicy, initialPolicy);
      this.ledger.setPolicy(policy, at);
    } else if (aggregate === 'calendar') {
      const state = (events as CalendarEvent[]).reduce(evolveCalendar, this.#calendars.get(id) ?? initialCalendar);
      this.#calendars.set(id, state);
      this.ledger.engine.setBookings(planned(this.#booked(), at));
    } else {
      const before = this.#nodes.get(id) ?? initialNode;
      const state = (events as NodeEvent[]).reduce(evolveNode, before);
      if (state === before) return;
      this.#nodes.set(id, state);
      this.ledger.setNodes(this.#known());
    }
  }

  #booked() {
    return [...this.#calendars.values()].flatMap(({ bookings }) => [...bookings.values()]);
  }

  /** The log says of a node that it is not heard some seconds after that is so. */
  #known(): KnownNode[] {
    return [...this.#nodes].flatMap(([id, state]) =>
      state.phase === 'known' ? [{ id, state, heard: state.reachable }] : [],
    );
  }
}
