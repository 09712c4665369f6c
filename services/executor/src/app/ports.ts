// What the use cases need of the world outside.
import type {
  DesiredAttempt,
  DesiredSet,
  Fact,
  ManifestSummary,
  MetricPoint,
  MetricValues,
  NodeDescription,
  Rendezvous,
} from '@baton/contracts';
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

/** How attempts are run: as plain processes, or in containers. */
export interface Runtime {
  /** Of the present boot of this server. */
  readonly bootId: string;
  /** What the node itself lacks to run it: an image. Before anything else is fetched; `invalid_input` if it can't be had. */
  prepare(spec: DesiredAttempt, options: PrepareOptions): Promise<void>;
  /**
   * Everything up to the command itself: afterwards a process waits for `go`. With `early` the command runs already, and waits
   * at its own `baton.take()`. `PlatformError` `invalid_input` if it can't be found or executed: then nothing was started.
   */
  arm(launch: Launch): Promise<ProcessIdentity>;
  /**
   * Lets it run on these devices; one of several ranks is told where they find each other. Synchronous, because it stands in the idle gap;
   * repeating it is harmless.
   */
  go(key: AttemptKey, devices: readonly string[], rendezvous?: Rendezvous | null): void;
  /** The devices that it was let run on, and when; null if it never was, and then no other agent can have done it. */
  granted(key: AttemptKey): Grant | null;
  /** When the early-started command took its devices; null until then. */
  takenAt(key: AttemptKey): number | null;
  isAlive(identity: ProcessIdentity): boolean;
  /** Ends whatever was started for it and never let run. Resolves when nothing of it is left. */
  discard(key: AttemptKey, identity: ProcessIdentity | null): Promise<void>;
  /** The process as it is from the word to go: its time limit begins now. */
  stamped(identity: ProcessIdentity): ProcessIdentity;
  /** Resolves when the attempt has ended and no process of it is left; leftovers are killed. */
  ended(key: AttemptKey, identity: ProcessIdentity): Promise<ProcessEnd>;
  /** To the whole process group; SIGKILL to everything of its session. */
  signal(key: AttemptKey, identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): void;
  /** The attempt is over for good: nothing more will be asked about it. */
  forget(key: AttemptKey): void;
  /** How long the process has run, by a clock that nobody can set. */
  ageMs(identity: ProcessIdentity): number;
}

export interface Grant {
  readonly devices: readonly string[];
  /** ms. */
  readonly at: number;
}

export interface Launch {
  readonly key: AttemptKey;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly early: boolean;
  /** Others have its devices still: being made ready must not disturb them. */
  readonly isBehind: boolean;
  /** It ends when the node's lease runs out, with the agent or without it. */
  readonly isLeased: boolean;
  /** 0 = no limit. */
  readonly limits: { readonly cpus: number; readonly memoryBytes: number };
  readonly environment: DesiredAttempt['environment'];
  /** Ids of all devices that it has or may get. */
  readonly devices: readonly string[];
}

export interface Prepared {
  readonly folders: AttemptFolders;
  readonly pathFirst: readonly string[];
  readonly virtualEnvironment: string | null;
}

export interface PrepareOptions {
  readonly signal: AbortSignal;
  /** For people: "dataset digits 43 %". */
  readonly onProgress: (text: string) => void;
}

export interface Workspaces {
  /**
   * Code, data and environment in place. `invalid_input` or `not_found` if the job's input is at fault. A full disk is waited for;
   * `storage_full` after half an hour. May be called again for an attempt that nothing was started for.
   */
  prepare(spec: DesiredAttempt, options: PrepareOptions): Promise<Prepared>;
  /** No process of the attempt is left: its data leaves its folder. Never rejects; `remove` does it as well. */
  release(key: AttemptKey): Promise<void>;
  /** Secret values, for redaction after a restart of the agent; readable by this user alone, gone with the folder. */
  keepSecrets(key: AttemptKey, values: readonly string[]): Promise<void>;
  secrets(key: AttemptKey): Promise<readonly string[]>;
  /**
   * No process of the attempt is left: brings to the disk what it has left, and notes that, for its end to count after a power cut as
   * well. Never rejects.
   */
  settle(key: AttemptKey): Promise<void>;
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
  /** The same into a buffer of the caller's: the part of it that was filled. */
  readInto(key: AttemptKey, output: OutputName, offset: number, buffer: Buffer): Promise<Buffer>;
  size(key: AttemptKey, output: OutputName): Promise<number>;
}

/** Where whole outputs are kept when the attempt has ended. */
export interface OutputStore {
  put(content: AsyncIterable<Uint8Array>): Promise<{ readonly digest: string; readonly sizeBytes: number }>;
}

/** What the processes of running attempts use. */
export interface UsageProbe {
  /** By the attempt's name: since the call before, so that an attempt's first call gives none. */
  sample(): Promise<ReadonlyMap<string, MetricValues>>;
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
  readonly progress?: string;
}

/** How long attempts by lease may run; kept where their guards read it. */
export interface NodeLease {
  /** ms of `monotonic`. */
  renew(untilMs: number): void;
  /** There is an attempt by lease: from now on its guard finds each renewal, the last one as well. */
  need(): void;
  /** ms since the server was started, its sleep counted: a clock that nobody can set. */
  monotonic(): number;
}

export interface NodeProbe {
  describe(): Promise<NodeDescription>;
}

/** A TCP port that nothing uses just now. */
export type FreePort = () => Promise<number>;

export interface Reporter {
  info(what: object, message: string): void;
  warn(what: object, message: string): void;
  error(what: object, message: string): void;
}

/** Wall clock, ms. */
export type Clock = () => number;
