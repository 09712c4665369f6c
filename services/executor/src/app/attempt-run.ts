// Drives one attempt from its first journal entry to its end; after a restart of the agent, from wherever the journal says.
import type { AttemptResult, DesiredAttempt } from '@baton/contracts';
import { hasCode } from '@baton/errors';
import { jobEnvironment } from '../domain/job-environment.ts';
import {
  type AttemptKey,
  attemptName,
  type AttemptState,
  type ProcessIdentity,
  type StopCause,
} from '../domain/journal.ts';
import { type Outcome, outcomeOf } from '../domain/outcome.ts';
import type { Journal } from './journal.ts';
import { type ObserverParts, Observers } from './observers.ts';
import type { Artifacts, Collected, Prepared, Runtime, SchedulerLink, SecretValues, Workspaces } from './ports.ts';
import { Stopping } from './stopping.ts';

const SECRETS_RETRY_MS = 1_000;
const NOT_COLLECTED: Collected = { artifacts: null, note: null, complete: true };
const MAX_MESSAGE_CHARS = 4_000;

export interface RunParts extends ObserverParts {
  readonly journal: Journal;
  readonly runtime: Runtime;
  readonly workspaces: Workspaces;
  readonly artifacts: Artifacts;
  readonly link: SchedulerLink;
  readonly settings: RunSettings;
}
export interface RunSettings {
  readonly apiUrl: string;
  readonly graceMs: number;
  /** The PATH that jobs get, and what stands before it. */
  readonly basePath: string;
  readonly pathFirst: readonly string[];
}

export class AttemptRun {
  readonly #parts: RunParts;
  readonly #spec: DesiredAttempt;
  readonly #key: AttemptKey;
  readonly #preparation = new AbortController();
  #stopping: Stopping | null = null;
  #observers: Observers | null = null;
  #foldersMustStay = false;
  #closed = false;

  constructor(parts: RunParts, spec: DesiredAttempt) {
    this.#parts = parts;
    this.#spec = spec;
    this.#key = { jobId: spec.jobId, attempt: spec.attempt };
  }

  /** A new attempt: journaled before anything else happens. */
  async begin(): Promise<void> {
    const at = this.#parts.clock();
    const fact = { type: 'starting', ...this.#key, at } as const;
    await this.#parts.journal.recordFact((seq) => ({ type: 'starting', fact: { ...fact, seq }, spec: this.#spec }));
    await this.#prepareAndLaunch();
  }

  /** An attempt that the journal holds already. */
  async resume(): Promise<void> {
    const state = this.#state;
    switch (state?.phase) {
      case 'starting':
        return state.stop === null
          ? this.#prepareAndLaunch()
          : this.#endUnstarted(outcomeOf(NOTHING_RAN, state.stop, ''));
      case 'spawning':
        return this.#recover();
      case 'running':
        return this.#watch(state.process, state.startedAt);
      case 'ended':
        // Only what was not shipped yet.
        await this.#observe();
        await this.#observers?.finish();
        return;
      case undefined:
        return;
      default:
        return state satisfies never;
    }
  }

  async stop(cause: StopCause): Promise<void> {
    const state = this.#state;
    if (state === undefined || state.phase === 'ended' || state.stop !== null) return;
    await this.#parts.journal.record({ type: 'stopping', ...this.#key, cause, at: this.#parts.clock() });
    this.#preparation.abort();
    this.#stopping?.begin();
  }

  /** The scheduler has the end in its log: the folder goes, as soon as its output is shipped. */
  async forget(): Promise<void> {
    await this.#observers?.done;
    if (!this.#foldersMustStay && !this.#closed) await this.#parts.workspaces.remove(this.#key);
  }

  /** The agent stops; the attempt goes on. */
  close(): void {
    this.#closed = true;
    this.#preparation.abort();
    this.#stopping?.cancel();
    this.#observers?.stop();
  }

  get #state(): AttemptState | undefined {
    return this.#parts.journal.state.attempts[attemptName(this.#key)];
  }

  async #prepareAndLaunch(): Promise<void> {
    const { journal, runtime, workspaces } = this.#parts;
    let identity: ProcessIdentity;
    try {
      const [prepared, secrets] = await Promise.all([
        workspaces.prepare(this.#spec, this.#preparation.signal),
        this.#secrets(),
      ]);
      await workspaces.keepSecrets(this.#key, [...Object.values(secrets.values), secrets.token]);
      this.#preparation.signal.throwIfAborted();
      await journal.record({ type: 'spawning', ...this.#key, bootId: runtime.bootId });
      identity = await runtime.launch({
        key: this.#key,
        command: this.#spec.command,
        env: this.#environment(prepared, secrets),
      });
    } catch (error) {
      return this.#closed ? undefined : this.#endUnstarted(this.#whyNotStarted(error));
    }
    return this.#started(identity, this.#parts.clock());
  }

  async #started(identity: ProcessIdentity, at: number): Promise<void> {
    const fact = { type: 'started', ...this.#key, at } as const;
    const durable = this.#parts.journal.recordFact((seq) => ({
      type: 'started',
      fact: { ...fact, seq },
      process: identity,
    }));
    await Promise.all([durable, this.#watch(identity, at)]);
  }

  /** The agent died around the launch: either there is a process, or there never will be one. */
  async #recover(): Promise<void> {
    const { runtime, clock } = this.#parts;
    const identity = await runtime.recover(this.#key);
    if (identity) return this.#started(identity, clock() - Math.round(runtime.ageMs(identity)));
    const message = 'The agent was stopped in the instant of the start; nothing of the job ran on.';
    return this.#endUnstarted({ reason: 'lost', exitCode: null, signal: null, message });
  }

  async #watch(identity: ProcessIdentity, startedAt: number): Promise<void> {
    const { runtime, settings } = this.#parts;
    const stopping = new Stopping({
      key: this.#key,
      identity,
      runtime,
      graceMs: settings.graceMs,
      timeLimitMs: this.#spec.timeLimitMs,
      onTimeLimit: () => this.stop('time-limit'),
    });
    this.#stopping = stopping;
    if (this.#state?.phase !== 'ended' && this.#state?.stop) stopping.begin();
    const ended = runtime.ended(this.#key, identity);
    await this.#observe();
    const end = await ended;
    const endedAt = this.#parts.clock();
    stopping.cancel();
    if (this.#closed) return;
    const [collected, observed] = await Promise.all([this.#collect(), this.#observers?.finish()]);
    if (this.#closed) return;
    const outcome = outcomeOf(end, this.#state?.stop ?? null, observed?.lastLines.at(-1) ?? '');
    await this.#end(outcome, { ...observed, collected, startedAt, endedAt });
  }

  async #observe(): Promise<void> {
    const secrets = await this.#parts.workspaces.secrets(this.#key);
    this.#observers = new Observers(this.#parts, this.#key, secrets);
  }

  async #collect(): Promise<Collected> {
    try {
      return await this.#parts.artifacts.collect(this.#key);
    } catch (error) {
      this.#parts.reporter.error({ ...this.#key, error: String(error) }, 'the artifacts could not be stored');
      const why = error instanceof Error ? error.message : String(error);
      return {
        artifacts: null,
        note: `The artifacts could not be stored (${why}); they stay on the node.`,
        complete: false,
      };
    }
  }

  #endUnstarted(outcome: Outcome): Promise<void> {
    return this.#end(outcome, { collected: NOT_COLLECTED, startedAt: null, endedAt: this.#parts.clock() });
  }

  async #end(outcome: Outcome, seen: Seen): Promise<void> {
    const { collected, startedAt, endedAt } = seen;
    this.#foldersMustStay = !collected.complete;
    const message = [outcome.message, ...(collected.note === null ? [] : [collected.note])].join(' ');
    const result: AttemptResult = {
      ...outcome,
      message: (this.#observers?.redact(message) ?? message).slice(0, MAX_MESSAGE_CHARS),
      lastLines: seen.lastLines ?? [],
      finalMetrics: seen.finalMetrics ?? {},
      artifacts: collected.artifacts,
      startedAt,
      endedAt,
    };
    const fact = { type: 'ended', ...this.#key, at: endedAt, result } as const;
    await this.#parts.journal.recordFact((seq) => ({ type: 'ended', fact: { ...fact, seq } }));
  }

  #environment(prepared: Prepared, secrets: SecretValues): Record<string, string> {
    const { apiUrl, basePath, pathFirst } = this.#parts.settings;
    return jobEnvironment({
      spec: this.#spec,
      folders: prepared.folders,
      apiUrl,
      token: secrets.token,
      secrets: secrets.values,
      pathFirst: [...prepared.pathFirst, ...pathFirst],
      basePath,
      virtualEnvironment: prepared.virtualEnvironment,
    });
  }

  /** Asked for until the scheduler answers: the attempt is assigned to this node, so it will. */
  async #secrets(): Promise<SecretValues> {
    for (;;) {
      this.#preparation.signal.throwIfAborted();
      try {
        return await this.#parts.link.secrets(this.#key);
      } catch (error) {
        if (!hasCode(error, 'unavailable') && !hasCode(error, 'outcome_unknown')) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, SECRETS_RETRY_MS));
    }
  }

  #whyNotStarted(error: unknown): Outcome {
    const stop = this.#state?.stop;
    if (stop) return outcomeOf(NOTHING_RAN, stop, '');
    const message = error instanceof Error ? error.message : String(error);
    const isInput = hasCode(error, 'invalid_input') || hasCode(error, 'not_found');
    if (!isInput) this.#parts.reporter.error({ ...this.#key, error: message }, 'an attempt could not be started');
    return { reason: isInput ? 'bad-input' : 'start-failed', exitCode: null, signal: null, message };
  }
}

const NOTHING_RAN = { kind: 'not-run', words: '' } as const;

interface Seen {
  readonly lastLines?: string[];
  readonly finalMetrics?: Record<string, number>;
  readonly collected: Collected;
  readonly startedAt: number | null;
  readonly endedAt: number;
}
