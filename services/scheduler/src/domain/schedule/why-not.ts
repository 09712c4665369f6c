// Why a job can't start now, node by node.
import type { WaitCode } from '@baton/contracts';
import { lacks, suits } from './able.ts';
import type { Ask } from './ask.ts';
import type { ClusterBooks } from './cluster-books.ts';
import type { EngineShape } from './engine-model.ts';
import { whyWithheld } from './find-places.ts';
import { type NodeLedger, shortOf } from './node-ledger.ts';

export interface NodeVerdict {
  readonly nodeId: string;
  readonly code: WaitCode;
  /** Jobs that hold what it waits for there, or that were promised it. */
  readonly heldBy: readonly string[];
  /** What the node has not got even when it is empty. Sentences for people. */
  readonly lacks: readonly string[];
}

/** Nodes on which it could start now are left out. */
export function whyNotOn(books: ClusterBooks, ask: Ask, now: number): NodeVerdict[] {
  return books.ledgers().flatMap((ledger) => verdict(books, ledger, ask, now) ?? []);
}

function verdict(books: ClusterBooks, ledger: NodeLedger, ask: Ask, now: number): NodeVerdict | null {
  const { id: nodeId, node } = ledger;
  const view = books.view(ask.shape);
  const mask = view.mask(ledger);
  if (node === null) return null;
  if (mask === 0) {
    return { nodeId, code: 'no-node', heldBy: [], lacks: lacks(ask.shape, node) };
  }
  const code = shortOf(view, mask, ledger) ?? whyWithheld(books, ledger, ask, now);
  if (code === null) return null;
  return { nodeId, code, heldBy: holders(ledger, mask, ask, code), lacks: outOfService(ledger, ask.shape) };
}

function holders(ledger: NodeLedger, mask: number, ask: Ask, code: WaitCode): string[] {
  if (code === 'reserved') return [...promisedTo(ledger, ask)];
  if (code === 'cpus-busy' || code === 'memory-busy' || ask.shape.exclusive)
    return ledger.placed.map(({ attempt }) => attempt.job.id);
  const found = new Set<string>();
  for (const [spot, holder] of ledger.holders.entries())
    if (holder !== null && ((ledger.bits[spot] ?? 0) & mask) !== 0) found.add(holder);
  for (const { attempt, spots } of ledger.placed)
    if (spots.some((spot) => ledger.shared.has(spot) && ((ledger.bits[spot] ?? 0) & mask) !== 0))
      found.add(attempt.job.id);
  return [...found];
}

function promisedTo({ placed, promised }: NodeLedger, ask: Ask): Set<string> {
  const inLine = placed.filter(({ attempt }) => attempt.waiting).map(({ attempt }) => attempt.job.id);
  const ahead = promised.filter(({ ask: other }) => other.jobId !== ask.jobId && other.priority >= ask.priority);
  return new Set([...inLine, ...ahead.map(({ ask: other }) => other.jobId)]);
}

function outOfService({ devices }: NodeLedger, shape: EngineShape): string[] {
  const suiting = devices.filter((device) => suits(shape, device));
  const broken = suiting.filter(({ fault }) => fault !== undefined).length;
  return broken === 0 ? [] : [`${broken} of its ${suiting.length} suitable devices are out of service`];
}
