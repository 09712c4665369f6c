// The ranks of an attempt on several nodes: what is known of each, and what they add up to.
import type { AttemptResult, JobEvent, RankPlace, Rendezvous } from '@baton/contracts';
import { isInfrastructureLoss, isSuccess } from './attempt-result.ts';

export interface Rank extends RankPlace {
  /** Its agent has begun to prepare it. */
  readonly isTakenUp: boolean;
  readonly isStaged: boolean;
  /** Free on its node: told by rank 0. */
  readonly port: number | null;
  readonly startedAt: number | null;
  readonly isReleased: boolean;
  readonly result: AttemptResult | null;
}

export interface Gang {
  /** In order; at least two, each on a node of its own. */
  readonly ranks: readonly Rank[];
  /** Null until all have staged: no rank starts before. */
  readonly rendezvous: Rendezvous | null;
  /** One did not end well: the others are to stop. */
  readonly isStopping: boolean;
}

type DataOf<T extends JobEvent['type']> = Extract<JobEvent, { type: T }>['data'];

export function assignedGang({ ranks }: DataOf<'JobAssigned'>): Gang | null {
  if (ranks === undefined) return null;
  const fresh = { isTakenUp: false, isStaged: false, port: null, startedAt: null, isReleased: false, result: null };
  return { ranks: ranks.map((place) => ({ ...place, ...fresh })), rendezvous: null, isStopping: false };
}

export function withRank(gang: Gang, rank: number | undefined, change: Partial<Rank>): Gang {
  return { ...gang, ranks: gang.ranks.map((known, index) => (index === rank ? { ...known, ...change } : known)) };
}

/** All wait, each with what it needs, and nobody has called it off. */
export function isReady(gang: Gang): boolean {
  return (
    gang.rendezvous === null && !gang.isStopping && gang.ranks.every((rank) => rank.isStaged && rank.result === null)
  );
}

/** The rank that the node has, or had. */
export function rankOn(gang: Gang, nodeId: string): number {
  return gang.ranks.findIndex((rank) => rank.nodeId === nodeId);
}

type EndedRank = Rank & { readonly result: AttemptResult };

function hasEnded(rank: Rank): rank is EndedRank {
  return rank.result !== null;
}

/**
 * The end of an attempt whose ranks have all ended. Artifacts, output, metrics and checkpoints are those of rank 0; how it ended is
 * how all of them did, or else the first that failed by itself.
 */
export function gangResult(gang: Gang): AttemptResult | null {
  const ended = gang.ranks.filter(hasEnded);
  const [first] = ended;
  if (first === undefined || ended.length < gang.ranks.length) return null;
  const started = ended.flatMap(({ result }) => result.startedAt ?? []);
  const times = {
    startedAt: started.length === 0 ? null : Math.min(...started),
    endedAt: Math.max(...ended.map(({ result }) => result.endedAt)),
  };
  const cause = causeOf(ended);
  if (cause === null) return { ...first.result, ...times };
  const { reason, exitCode, signal, lastLines } = cause.result;
  // Whoever has cancelled it knows that it was all of them.
  const message = reason === 'cancelled' ? cause.result.message : rankMessage(gang, cause);
  return { ...first.result, reason, exitCode, signal, lastLines, message, ...times };
}

const MAX_MESSAGE_CHARS = 4_000;

export function rankMessage(
  gang: Gang,
  { nodeId, name, result }: Pick<EndedRank, 'nodeId' | 'name' | 'result'>,
): string {
  return `Rank ${rankOn(gang, nodeId)} on ${name}: ${result.message}`.slice(0, MAX_MESSAGE_CHARS);
}

/**
 * Null if all ended well. A rank that was stopped says nothing; a rank whose node or device was lost makes the others fail, so it
 * comes first; and else the one that failed first, by the clocks of the nodes.
 */
function causeOf(ended: readonly EndedRank[]): EndedRank | null {
  const failed = ended
    .filter(({ result }) => !isSuccess(result))
    .toSorted((one, other) => one.result.endedAt - other.result.endedAt);
  const own = failed.filter(({ result }) => result.reason !== 'cancelled');
  return own.find(({ result }) => isInfrastructureLoss(result)) ?? own[0] ?? failed[0] ?? null;
}
