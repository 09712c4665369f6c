// Which waiting appends may go into one atomic write, given what is known of the stream.
import type { Expectation, Position } from '../port.ts';
import type { AggregateIndex } from './aggregate-index.ts';
import type { Draft } from './draft.ts';

export interface Waiting {
  readonly draft: Draft;
  readonly expected: Expectation;
}

/** The server refuses more than a mebibyte at once; a single commit may still be larger than this. */
const MAX_BYTES = 512 * 1_024;
const MAX_COMMITS = 512;

/** As many as fit into one append, at least one. */
export function withinLimits<T extends { readonly draft: Draft }>(waiting: readonly T[], most = MAX_COMMITS): T[] {
  let bytes = 0;
  const end = waiting.findIndex(({ draft }, index) => {
    bytes += draft.bytes.length;
    return index > 0 && (bytes > MAX_BYTES || index >= most);
  });
  return end === -1 ? [...waiting] : waiting.slice(0, end);
}

/**
 * Those whose expectation holds behind the end that is known and behind each other. One whose aggregate or commit id is in the
 * batch already waits for what becomes of that: nobody is refused because of something that is not in the log yet.
 */
export function fitting<T extends Waiting>(waiting: readonly T[], index: AggregateIndex): T[] {
  const chosen: T[] = [];
  const touched = new Set<string>();
  for (const entry of waiting) {
    const { subject, commitId } = entry.draft;
    if (index.positionOfCommit(commitId) !== undefined || touched.has(commitId)) continue;
    if (entry.expected.kind === 'aggregate' && touched.has(subject)) continue;
    if (entry.expected.position !== lastFor(entry, index, chosen.length)) continue;
    chosen.push(entry);
    touched.add(subject).add(commitId);
  }
  return chosen;
}

function lastFor({ expected, draft }: Waiting, index: AggregateIndex, before: number): Position {
  return expected.kind === 'stream' ? index.end + before : index.lastOf(draft.subject);
}
