// Notes in the log of each node how long nobody led, so that its idle time is not taken for a lack of jobs.
import type { NodeCommand } from '../domain/node.commands.ts';

/** A leader renews its lease every second and a half: what is shorter is no outage. */
const SHORTEST_OUTAGE_MS = 2_000;

export interface OutagePorts {
  readonly execute: (nodeId: string, command: NodeCommand) => Promise<unknown>;
  readonly now: () => number;
  readonly report: (error: unknown, where: string) => void;
}

/** Best effort: where the log refuses, that time counts as idle. */
export async function recordOutage(
  nodeIds: readonly string[],
  unwatchedSince: number | null,
  { execute, now, report }: OutagePorts,
): Promise<void> {
  if (unwatchedSince === null || now() - unwatchedSince < SHORTEST_OUTAGE_MS) return;
  const command = { type: 'ResumeWatch', unwatchedSince } as const;
  const written = await Promise.allSettled(nodeIds.map((nodeId) => execute(nodeId, command)));
  for (const outcome of written) if (outcome.status === 'rejected') report(outcome.reason, 'noting an outage');
}
