// What a reader of a stream asks the server for: a consumer of its own, and messages of it. Without the client, as a thread does without.
import type { Position } from '../port.ts';

/** Each pull wakes the server and the client up: too few at a time, and that is what reading costs. */
export const BATCH = 2_048;
/** Of one pull, whatever the size of its messages; or two of the largest that the server takes. */
const BATCH_BYTES = 4 * 2 ** 20;
export const HEARTBEAT_MS = 5_000;
const PULL_EXPIRES_MS = 30_000;
/** So many heartbeats without a word: then the server is taken for gone. */
export const MOST_SILENT = 3;
/** The server forgets a consumer that nobody has pulled from for so long. */
const FORGOTTEN_AFTER_MS = 60_000;

interface ConsumerWanted {
  readonly name: string;
  readonly from: Position;
  /** Subjects wanted; all if empty. */
  readonly filters: readonly string[];
}

/** Of one that begins at the position `from`, goes through the stream once, and is gone with its reader. */
export function consumerConfiguration({ name, from, filters }: ConsumerWanted) {
  return {
    name,
    deliver_policy: 'by_start_sequence',
    opt_start_seq: from,
    ack_policy: 'none',
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(FORGOTTEN_AFTER_MS),
    ...filterOf(filters),
  } as const;
}

/** `maxPayload`: bytes of the largest message that the server takes. */
export function pullRequest(maxPayload: number) {
  return {
    batch: BATCH,
    max_bytes: Math.max(BATCH_BYTES, 2 * maxPayload),
    expires: nanos(PULL_EXPIRES_MS),
    idle_heartbeat: nanos(HEARTBEAT_MS),
  };
}

/** Servers before 2.10 know one filter only, so a single one is sent in the old member. */
function filterOf(filters: readonly string[]) {
  const [only, ...more] = filters;
  if (only === undefined) return {};
  return more.length === 0 ? { filter_subject: only } : { filter_subjects: [...filters] };
}

function nanos(ms: number): number {
  return ms * 1_000_000;
}
