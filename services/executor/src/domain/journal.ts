// The agent's durable journal: its entries, and the state that they add up to. The journal is the point of decision of this node.
import type { AttemptResult, DesiredAttempt, Fact, Rendezvous } from '@baton/contracts';

export interface AttemptKey {
  readonly jobId: string;
  readonly attempt: number;
}

/** A process that can be told from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start: field 22 of /proc/<pid>/stat. */
  readonly startTicks: number;
  /** /proc/sys/kernel/random/boot_id: after a reboot no process of before is there. */
  readonly bootId: string;
  /** The server's uptime when it was launched: the time limit is measured by a clock that nobody can set. */
  readonly launchedUptimeMs: number;
  /** Id of the container whose first process it is; absent: it is in none. */
  readonly container?: string;
}

export type StopCause = 'cancelled' | 'time-limit' | 'took-early' | 'not-taken' | 'device-lost';
export interface StopRequest {
  readonly cause: StopCause;
  readonly at: number;
  /** What exactly, where the cause alone does not say it. */
  readonly detail?: string;
}

interface Known {
  readonly spec: DesiredAttempt;
  readonly stop: StopRequest | null;
}
export type AttemptState =
  /** Code, data and environment are being prepared; nothing runs. */
  | (Known & { readonly phase: 'starting' })
  /** A process waits for the word to go. Whether it was given stands in the attempt's folder: never give it twice. */
  | (Known & { readonly phase: 'armed'; readonly process: ProcessIdentity })
  | (Known & {
      readonly phase: 'running';
      readonly process: ProcessIdentity;
      readonly startedAt: number;
      /** Ids of those that it has. */
      readonly devices: readonly string[];
      /** No process of it is left; what it leaves behind is being stored. */
      readonly isReleased: boolean;
    })
  | (Known & { readonly phase: 'ended'; readonly endedSeq: number; readonly result: AttemptResult });

/** What stands in the file, one JSON object a line. */
export type JournalEntry =
  | { readonly type: 'installed'; readonly installationId: string }
  /** A desired set was acted on; an older one is refused from then on. */
  | { readonly type: 'accepted'; readonly revision: number }
  | { readonly type: 'starting'; readonly fact: FactOf<'starting'>; readonly spec: DesiredAttempt }
  /** The same for an attempt that waits behind others: there is nothing to report yet. */
  | { readonly type: 'staging'; readonly spec: DesiredAttempt }
  | ({ readonly type: 'armed'; readonly process: ProcessIdentity; readonly fact?: FactOf<'staged'> } & AttemptKey)
  /** All ranks are ready: it may start. */
  | ({ readonly type: 'permitted'; readonly rendezvous: Rendezvous } & AttemptKey)
  | { readonly type: 'started'; readonly fact: FactOf<'started'>; readonly process: ProcessIdentity }
  | { readonly type: 'taken'; readonly fact: FactOf<'taken'> }
  | { readonly type: 'checkpointed'; readonly fact: FactOf<'checkpointed'> }
  | { readonly type: 'released'; readonly fact: FactOf<'released'> }
  /** Given back before it was started: it is as if it had never been here. */
  | { readonly type: 'revoked'; readonly fact: FactOf<'revoked'> }
  | ({ readonly type: 'stopping' } & AttemptKey & StopRequest)
  /** `spec` is there if the attempt was never begun here. */
  | { readonly type: 'ended'; readonly fact: FactOf<'ended'>; readonly spec?: DesiredAttempt }
  | { readonly type: 'acknowledged'; readonly seq: number }
  | ({ readonly type: 'forgotten' } & AttemptKey)
  /** Written when the file is compacted: stands for all before it. */
  | { readonly type: 'snapshot'; readonly state: JournalState };

export type FactOf<T extends Fact['type']> = Extract<Fact, { type: T }>;

export interface JournalState {
  readonly installationId: string | null;
  /** Of the newest desired set that was accepted; -1 before the first. */
  readonly revision: number;
  /** Sequence number of the newest fact. */
  readonly lastSeq: number;
  /** Facts that the scheduler has not acknowledged, in order. */
  readonly pending: readonly Fact[];
  readonly attempts: Readonly<Record<string, AttemptState>>;
}

export const emptyJournal: JournalState = { installationId: null, revision: -1, lastSeq: 0, pending: [], attempts: {} };

/** The attempt's name in the journal and on disk. */
export function attemptName(key: AttemptKey): string {
  return `${key.jobId}.${key.attempt}`;
}

export function evolve(state: JournalState, entry: JournalEntry): JournalState {
  switch (entry.type) {
    case 'installed':
      return { ...state, installationId: entry.installationId };
    case 'accepted':
      return { ...state, revision: Math.max(state.revision, entry.revision) };
    case 'starting':
      return withFact(begun(state, entry.spec), entry.fact);
    case 'staging':
      return begun(state, entry.spec);
    case 'armed':
      return armed(state, entry);
    case 'permitted':
      return change(state, entry, (known) => ({ ...known, spec: permitted(known.spec, entry.rendezvous) }));
    case 'started':
      return withFact(started(state, entry), entry.fact);
    case 'taken':
    case 'checkpointed':
      return withFact(state, entry.fact);
    case 'released':
      return withFact(
        change(state, entry.fact, (known) => (known.phase === 'running' ? { ...known, isReleased: true } : known)),
        entry.fact,
      );
    case 'revoked':
      return withFact(without(state, attemptName(entry.fact)), entry.fact);
    case 'stopping':
      return change(state, entry, (known) => ({ ...known, stop: known.stop ?? stopRequest(entry) }));
    case 'ended':
      return withFact(ended(state, entry), entry.fact);
    case 'acknowledged':
      return { ...state, pending: state.pending.filter((fact) => fact.seq > entry.seq) };
    case 'forgotten':
      return without(state, attemptName(entry));
    case 'snapshot':
      return entry.state;
    default:
      return entry satisfies never;
  }
}

function begun(state: JournalState, spec: DesiredAttempt): JournalState {
  return withAttempt(state, spec, { phase: 'starting', spec, stop: null });
}

function armed(state: JournalState, entry: Extract<JournalEntry, { type: 'armed' }>): JournalState {
  const { process, fact } = entry;
  const next = change(state, entry, ({ spec, stop }) => ({ phase: 'armed', spec, stop, process }));
  return fact === undefined ? next : withFact(next, fact);
}

function permitted(spec: DesiredAttempt, rendezvous: Rendezvous): DesiredAttempt {
  return spec.gang === undefined ? spec : { ...spec, gang: { ...spec.gang, rendezvous } };
}

/** Where the ranks of a job on several nodes meet, as the newest desired set has it. */
export function rendezvousOf(attempt: AttemptState | undefined): Rendezvous | null {
  return attempt?.spec.gang?.rendezvous ?? null;
}

function started(state: JournalState, { fact, process }: Extract<JournalEntry, { type: 'started' }>): JournalState {
  return change(state, fact, ({ spec, stop }) => ({
    phase: 'running',
    spec,
    stop,
    process,
    startedAt: fact.at,
    devices: fact.devices ?? spec.devices.map((device) => device.id),
    isReleased: false,
  }));
}

function stopRequest({ cause, at, detail }: StopRequest): StopRequest {
  return detail === undefined ? { cause, at } : { cause, at, detail };
}

function ended(state: JournalState, entry: Extract<JournalEntry, { type: 'ended' }>): JournalState {
  const known = state.attempts[attemptName(entry.fact)];
  const spec = known?.spec ?? entry.spec;
  if (spec === undefined) return state;
  const end = {
    phase: 'ended',
    spec,
    stop: known?.stop ?? null,
    endedSeq: entry.fact.seq,
    result: entry.fact.result,
  } as const;
  return withAttempt(state, entry.fact, end);
}

function withFact(state: JournalState, fact: Fact): JournalState {
  return { ...state, lastSeq: Math.max(state.lastSeq, fact.seq), pending: [...state.pending, fact] };
}

function withAttempt(state: JournalState, key: AttemptKey, attempt: AttemptState): JournalState {
  return { ...state, attempts: { ...state.attempts, [attemptName(key)]: attempt } };
}

function change(state: JournalState, key: AttemptKey, next: (known: AttemptState) => AttemptState): JournalState {
  const known = state.attempts[attemptName(key)];
  return known === undefined || known.phase === 'ended' ? state : withAttempt(state, key, next(known));
}

function without(state: JournalState, name: string): JournalState {
  const { [name]: _gone, ...attempts } = state.attempts;
  return { ...state, attempts };
}

/** Ids of the devices that it has, or was given by the log and will have. */
export function devicesOf(attempt: AttemptState | undefined): readonly string[] {
  if (attempt === undefined || attempt.phase === 'ended') return [];
  if (attempt.phase === 'running') return attempt.isReleased ? [] : attempt.devices;
  return attempt.spec.devices.map(({ id }) => id);
}

/** Whether the scheduler has the end of this attempt in its log. */
export function endIsAcknowledged(state: JournalState, attempt: AttemptState): boolean {
  return attempt.phase === 'ended' && !state.pending.some((fact) => fact.seq === attempt.endedSeq);
}
