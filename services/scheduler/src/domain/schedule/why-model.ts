// What is asked of the reason chain, and what its parts share.
import type { JobWord, WhyFact } from '@baton/contracts';
import type { Gate } from '../waiting-room.ts';
import type { Engine } from './engine.ts';
import type { WaitingJob } from './engine-model.ts';

export interface WhyContext {
  readonly engine: Engine;
  /** What keeps it out of the queue; null if nothing does. */
  readonly gate: Gate | null;
  readonly now: number;
  /** Of any job, as much as the one who asks may know. */
  readonly word: (jobId: string) => JobWord;
}

export type Fact<C extends WhyFact['code']> = Extract<WhyFact, { code: C }>;

export function spoken({ name, id }: JobWord): string {
  return name ?? id ?? 'a private job';
}

/** The first few by name; `of`: how many there are, where not all are given. */
export function listed(words: readonly string[], { most = 3, of = words.length } = {}): string {
  const counts = new Map<string, number>();
  for (const word of words.slice(0, most)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const shown = [...counts].map(([word, times]) => (times > 1 ? `${word} (${times} times)` : word));
  const more = of - Math.min(most, words.length);
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

export function nodeWord(engine: Engine, nodeId: string): { nodeId: string; nodeName: string } {
  return { nodeId, nodeName: engine.node(nodeId)?.description.name ?? nodeId };
}

/** So long it may hold devices once it has them. */
export function mayHoldMs(engine: Engine, job: WaitingJob): number {
  return (job.limitMs ?? engine.policy.backfill.defaultTimeLimitMs) + job.graceMs;
}
