// What happened to jobs since a time, collected while the log is read again; with what ran and waited when it began.
import type { JobEvent } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { RecordedCommit } from '@baton/event-store';
import type { JobLedger } from '../domain/ledger.ts';
import type { LedgerSnapshot } from '../domain/schedule/fair-share.ts';
import { factsOf, follow, type JobFacts } from '../domain/what-if/job-facts.ts';
import type { Observer } from './past.ts';

/** More take too much memory, and too long. */
const MOST = 20_000;

export class LogWindow implements Observer {
  readonly since: number;
  readonly jobs = new Map<string, JobFacts>();
  /** When jobs and arrays were over; of an array the last of its jobs so far. */
  readonly endedAt = new Map<string, number>();
  policyChanges = 0;
  #usage: LedgerSnapshot | null = null;
  #policy: unknown = null;

  constructor(since: number) {
    this.since = since;
  }

  /** Null where nothing has happened since. */
  get usage(): LedgerSnapshot | null {
    return this.#usage;
  }

  before = ({ at }: RecordedCommit, ledger: JobLedger): void => {
    if (at < this.since) return;
    const { policy } = ledger.engine;
    if (this.#usage === null) this.#begin(ledger);
    else if (this.#policy !== policy) this.policyChanges += 1;
    this.#policy = policy;
  };

  after = ({ ref: { id }, events, at }: RecordedCommit, ledger: JobLedger): boolean => {
    if (this.#usage === null) return true;
    const record = ledger.active(id);
    if (record && !this.jobs.has(id)) this.jobs.set(id, factsOf(record, ledger.engine.policy, null));
    if (this.jobs.size > MOST) throw tooMany();
    const facts = this.jobs.get(id);
    if (!facts) return true;
    for (const event of events as JobEvent[]) follow(facts, event, at);
    if (facts.isOver) for (const ended of [id, facts.array?.id]) if (ended !== undefined) this.endedAt.set(ended, at);
    return true;
  };

  #begin(ledger: JobLedger): void {
    const { engine } = ledger;
    this.#usage = engine.usage.snapshot();
    for (const record of ledger.records()) {
      if (this.jobs.size > MOST) throw tooMany();
      this.jobs.set(record.id, factsOf(record, engine.policy, engine.placedAttempt(record.id) ?? null));
    }
  }
}

function tooMany(): PlatformError {
  return new PlatformError('invalid_input', `There were more than ${MOST} jobs in that time. Ask for a shorter one.`, {
    issues: [{ pointer: '/since', detail: 'is too long ago' }],
  });
}
