// A node that hands its devices from job to job, and reports late: the truth, beside the log that tells of it.
import { aDescription } from './job-builders.ts';
import { aResult, UsageHistory } from './usage-events.ts';

const NODE = 'nod_a';
const DEVICES = ['gpu-0', 'gpu-1'];
const NOTED_AFTER_MS = 5_000;

interface Entry {
  readonly job: string;
  readonly needs: number;
  readonly readyAt: number;
  readonly runsMs: number;
  devices: readonly string[];
  startedAt: number | null;
  endedAt: number | null;
  stopAt: number;
}

export class HandOffWorld {
  readonly history = new UsageHistory();
  readonly line: Entry[] = [];
  now = 0;
  #silentSince: number | null = null;
  #noted = false;
  #downSince: number | null = null;
  #upSince = 0;
  readonly #outbox: (() => void)[] = [];

  constructor() {
    this.history.node(NODE, 0, 'NodeRegistered', aDescription('box', { gpu: DEVICES.length }));
  }

  get leads(): boolean {
    return this.#downSince === null;
  }

  /** Assigned behind whatever has the devices; with nothing before it, that is an assignment to start at once. */
  submit(needs: number, { prepareMs, runsMs }: { prepareMs: number; runsMs: number }): void {
    const job = `job_${this.line.length + 1}`;
    const predecessors = this.line
      .filter(({ endedAt }) => endedAt === null)
      .map((entry) => ({ jobId: entry.job, attempt: 1 }));
    this.history.submitted(job, this.now, needs);
    const behind = { count: needs, pool: DEVICES, predecessors };
    const isFree = predecessors.length === 0;
    const place = isFree ? { devices: DEVICES.slice(0, needs) } : { devices: [], behind };
    this.history.job(job, this.now, 'JobAssigned', { attempt: 1, nodeId: NODE, ...place });
    const readyAt = this.now + prepareMs;
    this.line.push({ job, needs, readyAt, runsMs, devices: [], startedAt: null, endedAt: null, stopAt: Infinity });
    if (isFree) this.#tell(() => this.history.job(job, this.now, 'AttemptStarting', { attempt: 1 }));
    this.#settle();
  }

  cancel(index: number): void {
    const running = this.line.filter(
      ({ startedAt, endedAt, stopAt }) => startedAt !== null && endedAt === null && stopAt === Infinity,
    );
    const entry = running[index % Math.max(1, running.length)];
    if (!entry || this.#silentSince !== null) return;
    this.history.job(entry.job, this.now, 'CancelRequested', { by: 'usr_a', reason: '' });
    entry.stopAt = this.now + 50;
  }

  silence(): void {
    this.#silentSince ??= this.now;
  }

  hear(): void {
    if (this.#noted && this.leads) this.history.node(NODE, this.now, 'NodeReachable', {});
    if (this.leads) this.#noted = false;
    this.#silentSince = null;
    this.#settle();
  }

  stopScheduler(): void {
    this.#downSince ??= this.now;
  }

  startScheduler(): void {
    if (this.#downSince === null) return;
    this.history.node(NODE, this.now, 'NodeWatchResumed', { unwatchedSince: this.#downSince });
    this.#downSince = null;
    this.#upSince = this.now;
    if (this.#silentSince === null) this.hear();
  }

  advance(ms: number): void {
    for (const until = this.now + ms; this.now < until; this.now = Math.min(until, this.#nextAt())) this.#act();
    this.#settle();
  }

  /** Until all is over and told. */
  finish(): void {
    this.startScheduler();
    this.hear();
    while (this.line.some(({ endedAt }) => endedAt === null)) this.advance(100);
    this.advance(20_000);
  }

  /** When the agent has something to do again. */
  #nextAt(): number {
    const times = this.line.flatMap((entry) => {
      if (entry.endedAt !== null) return [];
      return entry.startedAt === null ? [entry.readyAt] : [Math.min(entry.startedAt + entry.runsMs, entry.stopAt)];
    });
    return Math.min(Infinity, ...times.filter((at) => at > this.now));
  }

  /** What the agent does by itself at this instant: no word with the scheduler stands in between. */
  #act(): void {
    for (const entry of this.line) {
      if (entry.startedAt === null || entry.endedAt !== null) continue;
      if (this.now >= Math.min(entry.startedAt + entry.runsMs, entry.stopAt)) this.#end(entry);
    }
    const waiting = this.line.filter(({ startedAt }) => startedAt === null);
    const taken = new Set(
      this.line.flatMap(({ startedAt, endedAt, devices }) => (startedAt !== null && endedAt === null ? devices : [])),
    );
    for (const entry of waiting) {
      const free = DEVICES.filter((device) => !taken.has(device)).slice(0, entry.needs);
      if (this.now >= entry.readyAt && free.length === entry.needs) this.#start(entry, free);
      for (const device of free) taken.add(device);
    }
  }

  #start(entry: Entry, devices: readonly string[]): void {
    const at = this.now;
    const { job, readyAt } = entry;
    Object.assign(entry, { startedAt: at, devices });
    this.#tell(() => this.history.job(job, this.now, 'AttemptStaged', { attempt: 1, at: readyAt }));
    this.#tell(() =>
      this.history.job(job, this.now, 'AttemptStarted', { attempt: 1, startedAt: at, devices: [...devices] }),
    );
  }

  #end(entry: Entry): void {
    const at = this.now;
    const { job, startedAt } = entry;
    entry.endedAt = at;
    this.#tell(() => this.history.job(job, this.now, 'AttemptReleased', { attempt: 1, at }));
    const result = aResult({ endedAt: at, startedAt });
    this.#tell(() => {
      this.history.job(job, this.now, 'AttemptEnded', { attempt: 1, result });
      this.history.job(job, this.now, 'JobSucceeded', {});
    });
  }

  #tell(fact: () => void): void {
    this.#outbox.push(fact);
  }

  /** Facts that can be told are told, in order; a silence that has lasted is noted. */
  #settle(): void {
    if (!this.leads) return;
    if (this.#silentSince === null) {
      for (const fact of this.#outbox.splice(0)) fact();
      return;
    }
    const lastSeenAt = Math.max(this.#silentSince, this.#upSince);
    if (this.#noted || this.now - lastSeenAt < NOTED_AFTER_MS) return;
    this.history.node(NODE, this.now, 'NodeUnreachable', { lastSeenAt });
    this.#noted = true;
  }
}
