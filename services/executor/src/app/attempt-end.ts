// The record of an attempt's end: how it ended, and what was seen and stored of it.
import type { AttemptResult } from '@baton/contracts';
import { hasCode } from '@baton/errors';
import { type Outcome, outcomeOf } from '../domain/outcome.ts';
import type { StoredAtEnd } from './attempt-checkpoints.ts';
import type { Observed } from './observers.ts';
import type { AttemptKey, StopRequest } from '../domain/journal.ts';
import type { Artifacts, Collected, Reporter } from './ports.ts';
import { untilReached } from './until-reached.ts';

const MAX_MESSAGE_CHARS = 4_000;

export interface Seen extends Partial<Observed> {
  readonly collected: Collected;
  readonly stored?: StoredAtEnd;
  readonly startedAt: number | null;
  readonly endedAt: number;
}

/** `redact` takes secrets out of texts that the job may have had a hand in. */
export function resultOf(outcome: Outcome, seen: Seen, redact: (text: string) => string): AttemptResult {
  const { collected, stored, output, metricsBytes, points, startedAt, endedAt } = seen;
  const message = [outcome.message, collected.note, stored?.note].filter(Boolean).join(' ');
  return {
    ...outcome,
    message: redact(message).slice(0, MAX_MESSAGE_CHARS),
    lastLines: seen.lastLines ?? [],
    finalMetrics: seen.finalMetrics ?? {},
    ...(metricsBytes === undefined ? {} : { metricsBytes }),
    ...(points === undefined ? {} : { points }),
    artifacts: collected.artifacts,
    ...(output === undefined ? {} : { output }),
    ...(stored === undefined ? {} : { checkpoints: stored.checkpoints }),
    startedAt,
    endedAt,
  };
}

/** What it left behind, stored. A store that can't be reached is waited for; where it fails otherwise, the folder stays and the record says so. */
export async function collected(
  { artifacts, reporter }: { readonly artifacts: Artifacts; readonly reporter: Reporter },
  key: AttemptKey,
  signal: AbortSignal,
): Promise<Collected> {
  const onWait = (error: unknown): void =>
    reporter.warn({ ...key, error: String(error) }, 'the artifacts can not be stored now; they will be');
  try {
    return await untilReached(() => artifacts.collect(key), { signal, onWait });
  } catch (error) {
    if (!signal.aborted) reporter.error({ ...key, error: String(error) }, 'the artifacts could not be stored');
    const why = error instanceof Error ? error.message : String(error);
    const note = `The artifacts could not be stored (${why}); they stay on the node.`;
    return { artifacts: null, note, complete: false };
  }
}

/** Of an attempt of which nothing ran: it was stopped before, its input is at fault, or this node is. */
export function whyNotStarted(
  error: unknown,
  stop: StopRequest | null,
  { reporter, key }: { readonly reporter: Reporter; readonly key: AttemptKey },
): Outcome {
  if (stop) return outcomeOf(NOTHING_RAN, stop, '');
  const message = error instanceof Error ? error.message : String(error);
  const isInput = hasCode(error, 'invalid_input') || hasCode(error, 'not_found');
  if (!isInput) reporter.error({ ...key, error: message }, 'an attempt could not be started');
  return { reason: isInput ? 'bad-input' : 'start-failed', exitCode: null, signal: null, message };
}

const NOTHING_RAN = { kind: 'not-run', words: '' } as const;
