// What the scheduler's use cases need of the world.
import type { Commit, DesiredSet, OutputPositions, Principal, RequestMeta } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { SavedLedger } from '../domain/saved-ledger.ts';

export interface Issued {
  /** Where the commit stands if all goes well: nobody else writes the stream. */
  readonly position: number;
  readonly hash: string;
  /** Resolves when the commit is durable; rejects with `conflict` if another leader has written. */
  readonly durable: Promise<void>;
}

/** The JOBS stream, written by the leader alone. */
export interface JobLog {
  /** Every commit after a position, the first's if absent; afterwards writing goes on behind the last one read. */
  replay(after?: number): AsyncIterable<readonly RecordedCommit[]>;
  /** Issues a commit without waiting for those before it. */
  issue(jobId: string, commit: Commit): Issued;
  /** Resolves when all that was issued so far is durable. */
  flushed(): Promise<void>;
  /** As `flushed`, and nobody else has written meanwhile; rejects if another leader has, or if the log does not say. */
  confirmed(): Promise<void>;
  readJob(jobId: string): Promise<RecordedCommit[]>;
}

/** What was folded of the stream up to a position, beside the log. Without it everything is as well, only later. */
export interface LedgerSnapshot {
  readonly position: number;
  /** Of the commit there. */
  readonly hash: string;
  /** The highest of any leader up to there. */
  readonly term: number;
  readonly saved: SavedLedger;
}

export interface Snapshots {
  /** The newest that this version can use and that belongs to the log as it is now; null if there is none. */
  latest(): Promise<LedgerSnapshot | null>;
  save(snapshot: LedgerSnapshot): Promise<void>;
  /** Of what was saved or used last: its position, and how many jobs it holds; zeros if nothing was. */
  last(): { readonly position: number; readonly jobs: number };
  /** Does what a snapshot will come of: reading much of the log takes long, and nobody begins it a second time beside it. */
  making<T>(work: () => Promise<T>): Promise<T>;
  isMaking(): boolean;
}

/** Where the streams of output and metrics stand; throws `unavailable` if that can't be told now. */
export type OutputPositionsReader = () => Promise<OutputPositions>;

export interface Caller {
  readonly principal: Principal;
  readonly meta: RequestMeta;
}

/** The other services, asked on behalf of a caller. */
export interface Catalogue {
  resolveCode(caller: Caller, ref: string, version: number | 'latest'): Promise<ResolvedCode>;
  resolveDataset(caller: Caller, ref: string, version: number | 'latest'): Promise<ResolvedData>;
  /** The id of a group that the caller may give a job to; `not_found` for all others. */
  findGroup(caller: Caller, ref: string): Promise<string>;
  mayRegister(caller: Caller, modelName: string): Promise<boolean>;
  missingSecrets(ownerId: string, names: readonly string[]): Promise<string[]>;
  resolveSecrets(ownerId: string, names: readonly string[]): Promise<Record<string, string>>;
  issueJobToken(ownerId: string, jobId: string, attempt: number): Promise<string>;
}

export interface ResolvedCode {
  readonly modelId: string;
  readonly modelName: string;
  readonly version: number;
  readonly kind: 'code' | 'weights' | 'both';
  readonly digest: string;
}

export interface ResolvedData {
  readonly datasetId: string;
  readonly datasetName: string;
  readonly version: number;
  readonly digest: string;
}

/** Sends nodes their desired sets. */
export interface AgentLink {
  push(nodeId: string, set: DesiredSet): void;
}

export interface Ids {
  newJobId(): string;
  /** The same principal and key give the same id. */
  derivedJobId(principal: Principal, idempotencyKey: string): string;
  /** Of an array's jobs but the first. */
  memberJobId(arrayId: string, index: number): string;
  newCommitId(): string;
}

/** The identity of one command, for the envelope. */
export interface CommandIdentity {
  readonly commandId: string;
  readonly requestHash: string;
  readonly actor: string;
  readonly credentialId: string;
  readonly correlationId: string;
  readonly causationId: string;
}
