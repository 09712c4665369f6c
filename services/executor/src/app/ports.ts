// What the use cases need of the world outside.
import type { DesiredAttempt, DesiredSet, Fact, ManifestSummary, MetricPoint, NodeDescription } from '@baton/contracts';
import type { AttemptFolders } from '../domain/job-environment.ts';
import type { AttemptKey, JournalEntry, JournalState, ProcessIdentity } from '../domain/journal.ts';
import type { SeriesState } from '../domain/metric-series.ts';
import type { ProcessEnd } from '../domain/outcome.ts';

export type OutputName = 'stdout' | 'stderr';
export const OUTPUTS: readonly OutputName[] = ['stdout', 'stderr'];

export interface JournalStore {
  /** Appends whole lines; resolves when they are on disk (fsync). */
  append(entries: readonly JournalEntry[]): Promise<void>;
  /** Replaces the file by a snapshot of the state. */
  compact(state: JournalState): Promise<void>;
}

/** How attempts are run: as plain processes now; containers are a second adapter of this port. */
export interface Runtime {
  /** Of the present boot of this server. */
  readonly bootId: string;
  /** `PlatformError` `invalid_input` if the command can't be found or executed: then nothing was started. */
  launch(launch: Launch): Promise<ProcessIdentity>;
  /** After a crash around the launch: the process, or null if there is none and never will be one. */
  recover(key: AttemptKey): Promise<ProcessIdentity | null>;
  /** Resolves when the attempt has ended and no process of it is left; leftovers are killed. */
  ended(key: AttemptKey, identity: ProcessIdentity): Promise<ProcessEnd>;
  /** To the whole process group; SIGKILL to everything of its session. */
  signal(key: AttemptKey, identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): void;
  /** How long the process has run, by a clock that nobody can set. */
  ageMs(identity: ProcessIdentity): number;
}

export interface Launch {
  readonly key: AttemptKey;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Prepared {
  readonly folders: AttemptFolders;
  readonly pathFirst: readonly string[];
  readonly virtualEnvironment: string | null;
}

export interface Workspaces {
  /** Code, data and environment in place. `invalid_input` or `not_found` if the job's input is at fault. */
  prepare(spec: DesiredAttempt, signal: AbortSignal): Promise<Prepared>;
  /** Secret values, for redaction after a restart of the agent; readable by this user alone, gone with the folder. */
  keepSecrets(key: AttemptKey, values: readonly string[]): Promise<void>;
  secrets(key: AttemptKey): Promise<readonly string[]>;
  remove(key: AttemptKey): Promise<void>;
}

export interface Collected {
  readonly artifacts: ManifestSummary | null;
  /** What was left out, in a sentence. */
  readonly note: string | null;
  /** False if something could not be stored: the folder must stay. */
  readonly complete: boolean;
}
export interface Artifacts {
  collect(key: AttemptKey): Promise<Collected>;
}

export interface OutputFiles {
  /** Up to `maxBytes` from `offset`; empty at the end or if there is no file. */
  read(key: AttemptKey, output: OutputName, offset: number, maxBytes: number): Promise<Buffer>;
  size(key: AttemptKey, output: OutputName): Promise<number>;
}

/** How far the outputs were shipped and read. Lost in a power cut: then shipped again under the same offsets. */
export interface Progress {
  loadShipped(key: AttemptKey, output: OutputName): Promise<number>;
  saveShipped(key: AttemptKey, output: OutputName, offset: number): Promise<void>;
  loadMetrics(key: AttemptKey): Promise<MetricProgress | null>;
  saveMetrics(key: AttemptKey, progress: MetricProgress): Promise<void>;
}
export interface MetricProgress {
  readonly offsets: Readonly<Record<OutputName, number>>;
  readonly series: SeriesState;
  /** Read, and perhaps not published yet. */
  readonly unsent: readonly MetricPoint[];
}

export interface LogChunk {
  readonly output: OutputName;
  /** Bytes from the start of that output. */
  readonly offset: number;
  readonly bytes: Buffer;
}
/** Both reject when the stream did not store it: then the very same is published again. */
export interface Sinks {
  publishLog(key: AttemptKey, chunk: LogChunk): Promise<void>;
  publishMetrics(key: AttemptKey, points: readonly MetricPoint[]): Promise<void>;
}

export interface SecretValues {
  readonly values: Readonly<Record<string, string>>;
  readonly token: string;
}
export interface SchedulerLink {
  sync(node: NodeDescription, attempts: readonly ReportedAttempt[]): Promise<DesiredSet>;
  /** Gives the newest sequence number that is in the scheduler's log. */
  facts(facts: readonly Fact[]): Promise<number>;
  secrets(key: AttemptKey): Promise<SecretValues>;
}
export interface ReportedAttempt extends AttemptKey {
  readonly phase: string;
}

export interface NodeProbe {
  describe(): Promise<NodeDescription>;
}

export interface Reporter {
  info(what: object, message: string): void;
  warn(what: object, message: string): void;
  error(what: object, message: string): void;
}

/** Wall clock, ms. */
export type Clock = () => number;
