// Drives one attempt from its first journal entry to its end; after a restart of the agent, from wherever the journal says.
import type { DesiredAttempt, Rendezvous } from '@baton/contracts';
import type { CardUser } from '../domain/card-users.ts';
import {
  type AttemptKey,
  attemptName,
  type AttemptState,
  type ProcessIdentity,
  rendezvousOf,
  type StopCause,
} from '../domain/journal.ts';
import { lost, type Outcome, outcomeOf, type ProcessEnd } from '../domain/outcome.ts';
import { whyNotStarted } from './attempt-end.ts';
import { AttemptEnding, type EndingParts } from './attempt-ending.ts';
import type { CardWatch } from './card-watch.ts';
import type { DeviceLine } from './device-line.ts';
import type { HandOffPause } from './hand-off-pause.ts';
import type { Journal } from './journal.ts';
import { type PassedOn, PassingOn } from './passing-on.ts';
import type { Grant } from './ports.ts';
import { arm, meetingPort, type PreparationParts } from './preparation.ts';
import { Stopping } from './stopping.ts';
import { TakeWatch } from './take-watch.ts';

const LOST_WAITING: Outcome = lost('The server was restarted while the job waited for its devices.');

export interface RunParts extends PreparationParts, Omit<EndingParts, 'settings'> {
  readonly journal: Journal;
  readonly line: DeviceLine;
  readonly pause: HandOffPause;
  readonly cards: CardWatch;
  readonly settings: PreparationParts['settings'] &
    EndingParts['settings'] & {
      readonly graceMs: number;
      /** How long an early-started job may have its devices without taking them. */
      readonly takeLimitMs: number;
    };
}

export class AttemptRun {
  readonly #parts: RunParts;
  readonly #spec: DesiredAttempt;
  readonly #key: AttemptKey;
  readonly #preparation = new AbortController();
  readonly #ending: AttemptEnding;
  readonly #passing: PassingOn;
  readonly #onEnd = (): void => {
    this.#take?.finish();
    this.#stopping?.cancel();
  };
  #stopping: Stopping | null = null;
  #take: TakeWatch | null = null;
  #unwatchCards: () => void = () => undefined;
  #isRevoked = false;
  #progress: string | null = null;
  /** Until its process waits: for one that the journal has as armed, too, if what waited is gone. */
  #isPreparing = false;
  #closed = false;

  constructor(parts: RunParts, spec: DesiredAttempt) {
    this.#parts = parts;
    this.#spec = spec;
    this.#key = { jobId: spec.jobId, attempt: spec.attempt };
    this.#ending = new AttemptEnding(parts, spec);
    this.#passing = new PassingOn(parts, this.#key);
  }

  /** A new attempt: journaled before anything else happens. */
  async begin(): Promise<void> {
    const { journal, clock } = this.#parts;
    const spec = this.#spec;
    const fact = { type: 'starting', ...this.#key, at: clock() } as const;
    if (spec.behind === null) await journal.recordFact((seq) => ({ type: 'starting', fact: { ...fact, seq }, spec }));
    else await journal.record({ type: 'staging', spec });
    await this.#prepareAndArm();
  }

  /** After a restart of the agent, for every attempt before the first is resumed: what it has is given to nobody. */
  standInLine(): void {
    const { line, runtime } = this.#parts;
    const state = this.#state;
    if (state === undefined || state.phase === 'ended' || (state.phase === 'running' && state.isReleased)) return;
    line.join(this.#spec);
    if (state.phase === 'starting') return;
    const devices = state.phase === 'running' ? state.devices : runtime.granted(this.#key)?.devices;
    if (devices !== undefined) line.running(this.#key, devices);
  }

  /** An attempt that the journal holds already. */
  async resume(): Promise<void> {
    const state = this.#state;
    switch (state?.phase) {
      case 'starting':
        return this.#startAnew(state.stop !== null);
      case 'armed':
        return this.#resumeArmed(state.process);
      case 'running':
        if (this.#isEarly && !state.isReleased) this.#watchTake(state.process, state.startedAt);
        return this.#watch(state.process, state.startedAt);
      case 'ended':
        return this.#ending.shipRest();
      case undefined:
        return;
      default:
        return state satisfies never;
    }
  }

  /** Its peers are ready. On disk before the word is given: an agent after this one can give it again. */
  async permit(rendezvous: Rendezvous): Promise<void> {
    await this.#parts.journal.record({ type: 'permitted', ...this.#key, rendezvous });
    if (!this.#closed) this.#parts.line.permit(this.#key);
  }

  async stop(cause: StopCause, detail?: string): Promise<void> {
    const state = this.#state;
    if (state === undefined || state.phase === 'ended' || state.stop !== null) return;
    if (!this.#parts.line.isRunning(this.#key)) this.#parts.line.leave(this.#key);
    const request = { cause, at: this.#parts.clock(), ...(detail === undefined ? {} : { detail }) };
    await this.#parts.journal.record({ type: 'stopping', ...this.#key, ...request });
    this.#preparation.abort();
    this.#stopping?.begin();
  }

  /** Gives it back, unless it was let run: this process alone decides that, so the answer is final. */
  async revoke(): Promise<void> {
    const { line, runtime } = this.#parts;
    const state = this.#state;
    const isHeld = state?.phase === 'starting' || (state?.phase === 'armed' && runtime.granted(this.#key) === null);
    if (!isHeld || this.#isRevoked || state.stop !== null) return;
    this.#isRevoked = true;
    line.leave(this.#key);
    if (state.phase === 'starting' || this.#isPreparing) return this.#preparation.abort();
    await runtime.discard(this.#key, state.process);
    await this.#givenBack();
  }

  /** The scheduler has the end in its log: the folder goes, as soon as its output is shipped. */
  async forget(): Promise<void> {
    await this.#ending.shipped();
    this.#parts.runtime.forget(this.#key);
    if (!this.#ending.foldersMustStay && !this.#closed) await this.#parts.workspaces.remove(this.#key);
  }

  /** What is being fetched or built for it just now, for people. */
  get progress(): string | null {
    return this.#state?.phase === 'starting' ? this.#progress : null;
  }

  /** The agent stops; the attempt goes on. */
  close(): void {
    this.#closed = true;
    this.#passing.close();
    this.#take?.cancel();
    this.#unwatchCards();
    this.#preparation.abort();
    this.#stopping?.cancel();
    this.#ending.close();
  }

  get #state(): AttemptState | undefined {
    return this.#parts.journal.state.attempts[attemptName(this.#key)];
  }

  /** Whatever an agent before this one had begun never ran. */
  async #startAnew(isStopped: boolean): Promise<void> {
    await this.#parts.runtime.discard(this.#key, null);
    if (isStopped) return this.#unprepared(null);
    return this.#prepareAndArm();
  }

  async #prepareAndArm(): Promise<void> {
    const { journal, runtime, clock } = this.#parts;
    let identity: ProcessIdentity;
    try {
      identity = await arm(this.#parts, this.#spec, {
        signal: this.#preparation.signal,
        early: this.#isEarly,
        onProgress: (text) => (this.#progress = text),
      });
    } catch (error) {
      return this.#unprepared(error);
    }
    const port = await meetingPort(this.#parts, this.#spec);
    if (this.#preparation.signal.aborted) {
      await runtime.discard(this.#key, identity);
      return this.#unprepared(null);
    }
    this.#isPreparing = false;
    const armed = { type: 'armed', ...this.#key, process: identity } as const;
    const fact = { type: 'staged', ...this.#key, at: clock(), ...port } as const;
    if (this.#spec.behind === null && this.#spec.gang === undefined) await journal.record(armed);
    else await journal.recordFact((seq) => ({ ...armed, fact: { ...fact, seq } }));
    return this.#wait(identity);
  }

  get #isEarly(): boolean {
    return this.#spec.earlyStart && this.#spec.behind !== null;
  }

  async #unprepared(error: unknown): Promise<void> {
    if (this.#closed) return;
    if (this.#isRevoked) return this.#givenBack();
    const { reporter } = this.#parts;
    return this.#endUnstarted(whyNotStarted(error, this.#state?.stop ?? null, { reporter, key: this.#key }));
  }

  async #resumeArmed(identity: ProcessIdentity): Promise<void> {
    const { runtime } = this.#parts;
    const granted = runtime.granted(this.#key);
    if (granted !== null) {
      // The agent before this one may have been killed between writing it down and saying it.
      runtime.go(this.#key, granted.devices, rendezvousOf(this.#state));
      // Whoever had them before has ended, and that is told first.
      await this.#parts.line.untilAlone(this.#key);
      await this.#parts.pause.over;
      if (this.#closed) return;
      return this.#started(identity, granted);
    }
    if (identity.bootId !== runtime.bootId) return this.#endedBeforeBoot(identity);
    if (runtime.isAlive(identity)) return this.#wait(identity);
    this.#isPreparing = true;
    await runtime.discard(this.#key, identity);
    return this.#prepareAndArm();
  }

  /** Its exit status tells of one that was let go, where what said so was lost with the server's power. */
  async #endedBeforeBoot(identity: ProcessIdentity): Promise<void> {
    const end = await this.#parts.runtime.ended(this.#key, identity);
    if (end.kind !== 'exited') return this.#endUnstarted(LOST_WAITING);
    this.#parts.line.leave(this.#key);
    await this.#ending.observe();
    return this.#wrapUp(end, null, this.#parts.clock());
  }

  /** Until its devices are free: at once, where the log gave it devices that nobody has any more. */
  async #wait(identity: ProcessIdentity): Promise<void> {
    const { line, runtime, pause, clock } = this.#parts;
    const end = runtime.ended(this.#key, identity);
    this.#stopping = this.#stoppingOf(identity, null);
    if (this.#isStopRequested) this.#stopping.begin();
    if (this.#isEarly) {
      await this.#ending.observe();
      this.#watchCards(identity);
    }
    const granted = new Promise<Grant>((resolve) => {
      if (this.#isStopRequested) return;
      line.ready(this.#key, (devices) => {
        this.#unwatchCards();
        runtime.go(this.#key, devices, rendezvousOf(this.#state));
        pause.begin();
        resolve({ devices, at: clock() });
      });
    });
    const first = await Promise.race([granted, end]);
    this.#unwatchCards();
    if ('devices' in first) return this.#letGo(identity, first, end);
    if (!this.#closed && !this.#isRevoked) await this.#endedWaiting(first);
  }

  /** The kernel lets this thread go on before the process that it has woken: nothing is done that could be done later. */
  async #letGo(identity: ProcessIdentity, grant: Grant, end: Promise<ProcessEnd>): Promise<void> {
    const ended = this.#passing.after(end, this.#onEnd);
    await this.#parts.pause.over;
    // The agent after this one sees that it was granted.
    if (!this.#closed) await this.#started(identity, grant, ended);
  }

  async #endedWaiting(end: ProcessEnd): Promise<void> {
    this.#stopping?.cancel();
    this.#parts.line.leave(this.#key);
    if (this.#isEarly) return this.#wrapUp(end, null, this.#parts.clock());
    const outcome = outcomeOf(end, this.#state?.stop ?? null, '');
    const message = 'The process was killed while it waited for its devices.';
    return this.#endUnstarted(this.#isStopRequested ? outcome : { ...outcome, reason: 'start-failed', message });
  }

  async #started(identity: ProcessIdentity, { devices, at }: Grant, ended?: Promise<PassedOn>): Promise<void> {
    const { journal, runtime } = this.#parts;
    const process = runtime.stamped(identity);
    const durable = journal.recordFact((seq) => {
      const fact = { ...this.#key, at, devices: [...devices], seq };
      return { type: 'started', fact: { type: 'started', ...fact }, process };
    });
    if (this.#isEarly) this.#watchTake(process, at);
    await Promise.all([durable, this.#watch(process, at, ended)]);
  }

  /** Hiding the cards is advisory: what is on one before its turn takes it from the job that has it. */
  #watchCards(identity: ProcessIdentity): void {
    const onSeen = ({ pid, card }: CardUser) =>
      void this.stop('took-early', `process ${pid} is on ${card}`).catch(() => undefined);
    this.#unwatchCards = this.#parts.cards.watch({ key: this.#key, identity, onSeen });
  }

  #watchTake(identity: ProcessIdentity, grantedAt: number): void {
    const { runtime, journal, settings } = this.#parts;
    const onLimit = () => this.stop('not-taken');
    const leftMs = settings.takeLimitMs - runtime.ageMs(identity);
    this.#take = new TakeWatch({ key: this.#key, runtime, journal, grantedAt, leftMs, onLimit });
  }

  async #watch(identity: ProcessIdentity, startedAt: number, passedOn?: Promise<PassedOn>): Promise<void> {
    const ended = passedOn ?? this.#passing.after(this.#parts.runtime.ended(this.#key, identity), this.#onEnd);
    this.#stopping?.cancel();
    const stopping = this.#stoppingOf(identity, this.#spec.timeLimitMs);
    this.#stopping = stopping;
    if (this.#isStopRequested) stopping.begin();
    await this.#parts.pause.over;
    await this.#ending.observe();
    this.#ending.storeCheckpoints();
    const { how, at } = await ended;
    this.#onEnd();
    if (!this.#closed) await this.#wrapUp(how, startedAt, at);
  }

  async #wrapUp(how: ProcessEnd, startedAt: number | null, endedAt: number): Promise<void> {
    await this.#parts.pause.over;
    void this.#parts.workspaces.settle(this.#key);
    await this.#ending.record({ how, startedAt, endedAt, stop: () => this.#state?.stop ?? null });
  }

  #stoppingOf(identity: ProcessIdentity, timeLimitMs: number | null): Stopping {
    const { runtime, settings } = this.#parts;
    return new Stopping({
      key: this.#key,
      identity,
      runtime,
      graceMs: this.#spec.graceMs ?? settings.graceMs,
      timeLimitMs,
      onTimeLimit: () => this.stop('time-limit'),
    });
  }

  get #isStopRequested(): boolean {
    return this.#state?.phase !== 'ended' && (this.#state?.stop ?? null) !== null;
  }

  async #givenBack(): Promise<void> {
    const { journal, workspaces, clock } = this.#parts;
    this.#parts.runtime.forget(this.#key);
    await workspaces.remove(this.#key);
    const fact = { type: 'revoked', ...this.#key, at: clock() } as const;
    await journal.recordFact((seq) => ({ type: 'revoked', fact: { ...fact, seq } }));
  }

  #endUnstarted(outcome: Outcome): Promise<void> {
    this.#parts.line.leave(this.#key);
    return this.#ending.recordUnstarted(outcome);
  }
}
