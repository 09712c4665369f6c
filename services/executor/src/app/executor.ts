// The agent's heart: takes desired sets, turns them into runs, and finds its runs again after a restart.
import { type AttemptResult, type Device, DesiredSet, fits } from '@baton/contracts';
import { newFaults } from '../domain/gpu-memory.ts';
import { type AttemptKey, attemptName, devicesOf, type JournalEntry } from '../domain/journal.ts';
import { type Action, reconcile, type Refusal } from '../domain/reconcile.ts';
import { AttemptRun, type RunParts } from './attempt-run.ts';
import type { NodeLease, ReportedAttempt } from './ports.ts';

const MAX_PROGRESS_CHARS = 512;

export interface ExecutorParts extends RunParts {
  readonly lease: NodeLease;
  /** The journal can't be written, or something as bad: this process must end. Jobs go on. */
  readonly onFatal: (error: unknown) => void;
}

export class Executor {
  readonly #parts: ExecutorParts;
  readonly #runs = new Map<string, AttemptRun>();
  readonly #forgetting = new Set<string>();
  #devices: readonly Device[] = [];
  #lastRefusal = '';
  #closed = false;
  #stoppingAll = false;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  /** Takes up every attempt that the journal holds. */
  resume(): void {
    const known = Object.values(this.#parts.journal.state.attempts);
    // All stand in the line before the first of them is looked at: none may get what another has.
    const runs = known.map(({ spec, phase }) => {
      if (phase !== 'ended') this.#parts.line.join(spec);
      return this.#run(spec);
    });
    for (const run of runs) this.#guard(run.resume());
  }

  /** Takes a whole desired set, from a push or from the answer to a sync. */
  accept(payload: unknown): void {
    if (this.#closed || this.#stoppingAll) return;
    if (!fits(DesiredSet, payload))
      return this.#parts.reporter.error({}, 'a desired set that is not valid was refused');
    const verdict = reconcile(this.#parts.journal.state, payload);
    if (!verdict.accepted) return this.#refused(verdict.refusal);
    this.#lastRefusal = '';
    if (payload.attempts.some(({ onNodeLoss }) => onNodeLoss === 'requeue')) this.#parts.lease.need();
    this.#note(payload);
    for (const action of verdict.actions) this.#guard(this.#act(action));
    if (verdict.unknown.length > 0) {
      this.#parts.reporter.warn(
        { attempts: verdict.unknown.map(attemptName) },
        'attempts run here that the scheduler does not name; they are left alone',
      );
    }
  }

  /** For the sync: everything that this node has. */
  get attempts(): readonly ReportedAttempt[] {
    const known = Object.values(this.#parts.journal.state.attempts);
    return known.map(({ spec, phase, stop }) => {
      const progress = this.#known(spec)?.progress ?? null;
      const reported = stop !== null && phase !== 'ended' ? 'stopping' : phase;
      const attempt = { jobId: spec.jobId, attempt: spec.attempt, phase: reported };
      return progress === null ? attempt : { ...attempt, progress: progress.slice(0, MAX_PROGRESS_CHARS) };
    });
  }

  /** Stops every attempt and takes no new ones. Resolves when the end of each is on disk. */
  async stopAll(): Promise<void> {
    this.#stoppingAll = true;
    const { journal } = this.#parts;
    for (const run of this.#runs.values()) this.#guard(run.stop('cancelled'));
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (Object.values(journal.state.attempts).every(({ phase }) => phase === 'ended')) resolve();
      };
      journal.onDurable(check);
      check();
    });
  }

  /**
   * As the node was just found. What is out of service is given to nobody until it is well again; what has it already is
   * ended: a loss of the platform's, so that the job runs again elsewhere.
   */
  sawDevices(devices: readonly Device[]): void {
    const { line, reporter, journal } = this.#parts;
    const faults = newFaults(this.#devices, devices);
    this.#devices = devices;
    if (faults.length > 0) reporter.warn({ faults }, 'devices are out of service');
    line.setFaulty(new Set(devices.flatMap(({ id, fault }) => (fault === undefined ? [] : [id]))));
    for (const { spec } of Object.values(journal.state.attempts)) this.#endOnFaulty(spec);
  }

  #endOnFaulty(key: AttemptKey): void {
    const held = devicesOf(this.#parts.journal.state.attempts[attemptName(key)]);
    const found = this.#devices.find(({ id, fault }) => fault !== undefined && held.includes(id));
    if (found) this.#guard(this.#known(key)?.stop('device-lost', `${found.id}: ${found.fault}`) ?? Promise.resolve());
  }

  close(): void {
    this.#closed = true;
    for (const run of this.#runs.values()) run.close();
  }

  /** In the same write as the first action that follows. */
  #note(set: DesiredSet): void {
    const { journal } = this.#parts;
    const entries: JournalEntry[] = [];
    if (journal.state.installationId === null) entries.push({ type: 'installed', installationId: set.installationId });
    if (set.revision > journal.state.revision) entries.push({ type: 'accepted', revision: set.revision });
    if (entries.length > 0) this.#guard(journal.record(...entries));
  }

  #act(action: Action): Promise<void> {
    switch (action.type) {
      case 'start':
        return this.#begin(action.spec);
      case 'permit':
        return this.#known(action.key)?.permit(action.rendezvous) ?? Promise.resolve();
      case 'revoke':
        return this.#revoke(action.key);
      case 'stop':
        return this.#known(action.key)?.stop('cancelled') ?? Promise.resolve();
      case 'decline':
        return this.#decline(action.spec);
      case 'forget':
        return this.#forget(action.key);
      default:
        return action satisfies never;
    }
  }

  #begin(spec: DesiredSet['attempts'][number]): Promise<void> {
    this.#parts.line.join(spec);
    const begun = this.#run(spec).begin();
    // One of its devices may have fallen out since the scheduler heard of them.
    this.#endOnFaulty(spec);
    return begun;
  }

  async #decline(spec: DesiredSet['attempts'][number]): Promise<void> {
    const { journal, clock } = this.#parts;
    const at = clock();
    const result: AttemptResult = {
      reason: 'cancelled',
      exitCode: null,
      signal: null,
      message: 'Stopped before it was started on its node.',
      lastLines: [],
      finalMetrics: {},
      artifacts: null,
      startedAt: null,
      endedAt: at,
    };
    const fact = { type: 'ended', jobId: spec.jobId, attempt: spec.attempt, at, result } as const;
    await journal.recordFact((seq) => ({ type: 'ended', fact: { ...fact, seq }, spec }));
  }

  async #revoke(key: AttemptKey): Promise<void> {
    const { journal, clock } = this.#parts;
    const run = this.#known(key);
    const name = attemptName(key);
    if (run) await run.revoke();
    else await journal.recordFact((seq) => ({ type: 'revoked', fact: { type: 'revoked', ...key, seq, at: clock() } }));
    if (journal.state.attempts[name] === undefined) this.#runs.delete(name);
  }

  async #forget(key: AttemptKey): Promise<void> {
    const name = attemptName(key);
    // Every sync asks for it until its output is shipped.
    if (this.#forgetting.has(name)) return;
    this.#forgetting.add(name);
    await this.#known(key)?.forget();
    this.#forgetting.delete(name);
    if (this.#closed) return;
    this.#runs.delete(name);
    await this.#parts.journal.record({ type: 'forgotten', ...key });
  }

  #run(spec: DesiredSet['attempts'][number]): AttemptRun {
    const run = new AttemptRun(this.#parts, spec);
    this.#runs.set(attemptName(spec), run);
    return run;
  }

  #known(key: AttemptKey): AttemptRun | undefined {
    return this.#runs.get(attemptName(key));
  }

  #refused(refusal: Refusal): void {
    const text = JSON.stringify(refusal);
    // Every two seconds the same one would fill the log.
    if (text !== this.#lastRefusal)
      this.#parts.reporter.warn(refusal, 'a desired set was refused; nothing was changed');
    this.#lastRefusal = text;
  }

  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#closed) this.#parts.onFatal(error);
    });
  }
}
