// Who got devices before a job that came earlier: found while the log is read again, with the reason at that very time.
import type { Overtaker, OvertakersView } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { JobRecord } from '../domain/job-record.ts';
import type { JobLedger } from '../domain/ledger.ts';
import { waitingJob } from '../domain/schedule/engine-job.ts';
import { type OvertakingReason, overtakingReason } from '../domain/schedule/overtaking.ts';
import { shapeWords } from '../domain/schedule/shape-words.ts';
import type { Observer } from './past.ts';

const MOST = 1_000;

export class Overtakers implements Observer {
  readonly #jobId: string;
  readonly #isReadable: (record: JobRecord) => boolean;
  readonly #reasons = new Map<string, OvertakingReason>();
  readonly #seen = new Set<string>();
  readonly #items: Overtaker[] = [];
  #order = Infinity;
  #startedAt: number | null = null;

  constructor(jobId: string, isReadable: (record: JobRecord) => boolean) {
    this.#jobId = jobId;
    this.#isReadable = isReadable;
  }

  before = ({ ref: { id }, events, at }: RecordedCommit, ledger: JobLedger): void => {
    const record = ledger.active(id);
    if (!record || record.order <= this.#order || this.#seen.has(id)) return;
    if (!events.some(({ type }) => type === 'JobAssigned')) return;
    const gate = ledger.gate(this.#jobId);
    this.#reasons.set(id, overtakingReason(id, { id: this.#jobId, gate, now: at }, ledger.engine));
  };

  after = ({ ref: { id }, at }: RecordedCommit, ledger: JobLedger): boolean => {
    const record = ledger.active(id);
    const since = ledger.engine.placedAttempt(id)?.since ?? null;
    if (id === this.#jobId) {
      if (!record) return false;
      this.#order = record.order;
      if (since !== null) this.#startedAt = at;
      return since === null;
    }
    const reason = this.#reasons.get(id);
    if (record && reason && since !== null && !this.#seen.has(id)) this.#add(record, reason, { at, ledger });
    return true;
  };

  view(): Pick<OvertakersView, 'startedAt' | 'items' | 'total'> {
    return { startedAt: this.#startedAt, items: this.#items, total: this.#seen.size };
  }

  #add(record: JobRecord, reason: OvertakingReason, { at, ledger }: { at: number; ledger: JobLedger }): void {
    const { id, state, submittedAt } = record;
    this.#seen.add(id);
    this.#reasons.delete(id);
    if (this.#items.length === MOST) return;
    const { spec, ownerId } = state;
    const { className, shape } = waitingJob(record, ledger.engine.policy);
    const word = this.#isReadable(record) ? { id, name: spec.name, ownerId } : { id: null, name: null, ownerId: null };
    this.#items.push({ job: word, className, shape: shapeWords(shape), submittedAt, startedAt: at, ...reason });
  }
}
