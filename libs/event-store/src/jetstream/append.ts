// One commit appended: the same publish repeated until the server says yes or no.
import type { StreamName } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Appended, Expectation } from '../port.ts';
import { type Acknowledgement, parseAcknowledgement, storageFull } from './acknowledgement.ts';
import { isSame, type Publication, publicationHeaders } from './publication.ts';
import { isAnswer, logUnavailable, requestOnce } from './request.ts';
import type { StreamApi } from './stream-api.ts';

const PAUSE_MS = 50;

export interface AppendTarget {
  readonly api: StreamApi;
  readonly stream: StreamName;
  readonly timeoutMs: number;
  /** A server whose disk is full does not refuse: it falls silent, and then nothing is known. */
  readonly hasRoom: () => boolean;
}

/** Throws `conflict`, `outcome_unknown`, `unavailable` (nothing was written), `storage_full` or `payload_too_large`. */
export async function appendPublication(
  target: AppendTarget,
  message: Publication,
  expected: Expectation,
): Promise<Appended> {
  const deadline = performance.now() + target.timeoutMs;
  for (let outcomeOpen = false; ;) {
    if (!target.hasRoom()) throw outcomeOpen ? outcomeUnknown(storageFull()) : storageFull();
    const answer = await publishOnce(target, message, expected, deadline - performance.now());
    if (answer.kind === 'stored') return accepted(target.api, message, answer);
    if (answer.kind === 'conflict') return conflictUnlessOurs(target.api, message, expected);
    if (answer.kind === 'refused') throw outcomeOpen ? outcomeUnknown(answer.error) : answer.error;
    outcomeOpen ||= answer.kind === 'unclear';
    if (answer.closed || performance.now() + PAUSE_MS > deadline)
      throw outcomeOpen ? outcomeUnknown(answer.error) : answer.error;
    await sleep(PAUSE_MS);
  }
}

type Answer =
  | (Acknowledgement & { readonly closed?: boolean })
  | { readonly kind: 'undelivered'; readonly error: PlatformError; readonly closed?: boolean };

async function publishOnce(
  { api, stream }: AppendTarget,
  message: Publication,
  expected: Expectation,
  timeoutMs: number,
): Promise<Answer> {
  const headers = publicationHeaders(stream, message, expected);
  const result = await requestOnce(api.connection, message.subject, message.bytes, { timeoutMs, headers });
  if (isAnswer(result)) return parseAcknowledgement(stream, result.data);
  if (result.kind === 'forbidden') {
    return {
      kind: 'refused',
      error: new PlatformError('internal', 'The event log refuses this service.', {
        cause: result.cause,
        detail: message.subject,
      }),
    };
  }
  const kind = result.kind === 'undelivered' ? 'undelivered' : 'unclear';
  return { kind, error: logUnavailable(result.cause), closed: result.kind === 'closed' };
}

/** `duplicate` only says that the message id was seen: it counts if that message is this commit. */
async function accepted(
  api: StreamApi,
  message: Publication,
  { position, duplicate }: Extract<Acknowledgement, { kind: 'stored' }>,
): Promise<Appended> {
  if (duplicate && !isSame(await orUnknown(api.messageAt(position)), message)) {
    throw new PlatformError('internal', 'A commit id was used twice.', { detail: `at position ${position}` });
  }
  return { position, hash: message.hash };
}

/**
 * A repeat whose first publish was stored is refused by its own effect. If this commit was stored, it is the first one behind
 * the expected position; anything else there, and it can never be stored.
 */
async function conflictUnlessOurs(api: StreamApi, message: Publication, expected: Expectation): Promise<Appended> {
  const subject = expected.kind === 'stream' ? '>' : message.subject;
  const next = await orUnknown(api.nextMessage(expected.position + 1, subject));
  if (isSame(next, message)) return { position: next.position, hash: message.hash };
  throw new PlatformError('conflict', 'Somebody else changed it at the same time.', {
    detail: `${message.subject} behind ${expected.position}`,
  });
}

async function orUnknown<T>(reading: Promise<T>): Promise<T> {
  return reading.catch((error: unknown) => {
    throw outcomeUnknown(error);
  });
}

function outcomeUnknown(cause: unknown): PlatformError {
  return new PlatformError('outcome_unknown', 'It is not known whether this was written; try again.', {
    cause,
    retryAfterMs: 1_000,
  });
}
