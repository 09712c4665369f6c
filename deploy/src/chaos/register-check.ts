// Whether the history of one aggregate is linearizable. Each write names the revision that it expects, and an acknowledged one is
// told its own: so the order is known, and what is left to find are points in time, the earliest ones first.
import type { Operation, Write } from './history.ts';

interface Done {
  readonly operation: Operation & { readonly what: Write };
  /** The earliest instant at which it can have taken effect. */
  readonly at: number;
}

/** What contradicts; empty: there is an order that explains every answer. `operations` are those of one register. */
export function checkRegister(operations: readonly Operation[]): string[] {
  const writes = operations.filter(isWrite);
  const doubled = doubledRevisions(writes);
  if (doubled.length > 0) return doubled;
  const { done, contradictions } = inOrder(writes, newestSeen(operations), valuesSeen(operations));
  return [...contradictions, ...operations.flatMap((operation) => contradictionOf(operation, done))];
}

function isWrite(operation: Operation): operation is Operation & { readonly what: Write } {
  return operation.what.kind === 'write';
}

function doubledRevisions(writes: readonly Operation[]): string[] {
  const byRevision = new Map<number, Operation>();
  return writes.flatMap((write) => {
    if (write.told.type !== 'ok') return [];
    const { revision } = write.told;
    const other = byRevision.get(revision);
    byRevision.set(revision, write);
    return other ? [`${name(other)} and ${name(write)} were both told revision ${revision}`] : [];
  });
}

/** Answered to somebody, or shown by a refusal: who was refused had seen the revision that it expected, and there was a newer one. */
function newestSeen(operations: readonly Operation[]): number {
  const unknown = new Set(operations.flatMap(({ what, told }) => (isOpen(what, told) ? [what.expected] : [])));
  return operations.reduce((newest, { what, told }) => {
    if (told.type === 'ok') return Math.max(newest, told.revision);
    const isShown = told.type === 'fail' && what.kind === 'write' && unknown.has(what.expected);
    return isShown ? Math.max(newest, what.expected + 1) : newest;
  }, 0);
}

function isOpen(what: Operation['what'], told: Operation['told']): what is Write {
  return what.kind === 'write' && told.type === 'unknown';
}

function valuesSeen(operations: readonly Operation[]): ReadonlyMap<number, string> {
  return new Map(operations.flatMap(({ told }) => (told.type === 'ok' ? [[told.revision, told.value] as const] : [])));
}

/** One write for each revision, each at the earliest instant that is possible for it. */
function inOrder(
  writes: readonly (Operation & { readonly what: Write })[],
  newest: number,
  values: ReadonlyMap<number, string>,
): { readonly done: readonly Done[]; readonly contradictions: string[] } {
  const done: Done[] = [];
  let at = Number.NEGATIVE_INFINITY;
  for (let revision = 1; revision <= newest; revision += 1) {
    const operation = writerOf(revision, writes, values.get(revision));
    if (!operation) return { done, contradictions: [`nobody has written revision ${revision}, and it is there`] };
    at = Math.max(at, operation.invokedAt);
    if (at > operation.toldAt) {
      return {
        done,
        contradictions: [`${name(operation)} was answered before revision ${revision - 1} can have been there`],
      };
    }
    done.push({ operation, at });
  }
  return { done, contradictions: [] };
}

/** Of several whose outcome nobody knows, the one that was asked first leaves most time for those that follow. */
function writerOf(
  revision: number,
  writes: readonly (Operation & { readonly what: Write })[],
  value: string | undefined,
) {
  const acknowledged = writes.find(({ told }) => told.type === 'ok' && told.revision === revision);
  if (acknowledged) return acknowledged.what.expected === revision - 1 ? acknowledged : undefined;
  return writes.find(
    ({ told, what }) =>
      told.type === 'unknown' && what.expected === revision - 1 && (value === undefined || value === what.value),
  );
}

function contradictionOf(operation: Operation, done: readonly Done[]): string[] {
  const { told, what, toldAt } = operation;
  if (what.kind === 'write') {
    if (told.type !== 'fail') return [];
    // It was asked by somebody who had seen that revision: refused, since there was a newer one before the answer came.
    const next = done[what.expected];
    return next && next.at <= toldAt
      ? []
      : [`${name(operation)} was refused though revision ${what.expected} was the newest`];
  }
  if (told.type !== 'ok') return [];
  const seen = done[told.revision - 1];
  if (!seen || seen.operation.what.value !== told.value) return [`${name(operation)} read what nobody has written`];
  return seen.at <= toldAt ? [] : [`${name(operation)} read revision ${told.revision} before it was written`];
}

function name({ op, process, register }: Operation): string {
  return `operation ${op} of ${process} on ${register}`;
}
